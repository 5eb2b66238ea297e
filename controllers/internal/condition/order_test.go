package condition

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/kstatus"
)

func at(minute int) metav1.Time {
	return metav1.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC)
}

func newOrder() *v1alpha1.ZMAOrder {
	return &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Name: "o", Namespace: "shop", Generation: 2},
		Status:     v1alpha1.ZMAOrderStatus{ObservedGeneration: -1},
	}
}

// summaryOf is what kstatus looks at, as type=status/reason.
func summaryOf(o *v1alpha1.ZMAOrder) map[string]string {
	out := map[string]string{}
	for _, c := range o.Status.Conditions {
		out[c.Type] = string(c.Status) + "/" + c.Reason
	}
	return out
}

type step func(*v1alpha1.ZMAOrder, metav1.Time)

func TestOneOfReadyProgressAndStallDescribesTheOrder(t *testing.T) {
	progress := func(o *v1alpha1.ZMAOrder, now metav1.Time) {
		Progress(o, v1alpha1.ReasonProcessing, "at the provider", now)
	}
	resolving := func(o *v1alpha1.ZMAOrder, now metav1.Time) {
		Progress(o, v1alpha1.ReasonResolvingSubmission, "no answer", now)
	}
	stall := func(o *v1alpha1.ZMAOrder, now metav1.Time) { Stall(o, v1alpha1.ReasonDenied, "policy", now) }
	ready := func(o *v1alpha1.ZMAOrder, now metav1.Time) { Ready(o, v1alpha1.ReasonPlaced, "placed", now) }

	cases := []struct {
		reason string
		steps  []step
		want   map[string]string
	}{
		{"progress is not ready and reconciles", []step{progress},
			map[string]string{"Ready": "False/Processing", "Reconciling": "True/Processing"}},
		{"an unknown outcome is Unknown, not False", []step{resolving},
			map[string]string{"Ready": "Unknown/ResolvingSubmission", "Reconciling": "True/ResolvingSubmission"}},
		{"a stall ends progress", []step{progress, stall},
			map[string]string{"Ready": "False/Denied", "Stalled": "True/Denied"}},
		{"progress ends a stall", []step{stall, progress},
			map[string]string{"Ready": "False/Processing", "Reconciling": "True/Processing"}},
		{"ready ends progress", []step{progress, ready}, map[string]string{"Ready": "True/Placed"}},
		{"ready ends a stall", []step{stall, ready}, map[string]string{"Ready": "True/Placed"}},
		{"a cancellation after ready reconciles", []step{ready, progress},
			map[string]string{"Ready": "False/Processing", "Reconciling": "True/Processing"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			o := newOrder()
			for i, s := range tc.steps {
				s(o, at(i))
			}
			if diff := cmp.Diff(tc.want, summaryOf(o)); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if o.Status.ObservedGeneration != o.Generation {
				t.Errorf("observedGeneration is %d, want %d", o.Status.ObservedGeneration, o.Generation)
			}
			if err := kstatus.CheckOrder(o); err != nil {
				t.Errorf("CheckOrder: %v", err)
			}
		})
	}
}

func TestEveryReasonYieldsAConformingStatus(t *testing.T) {
	writers := map[string]struct {
		write   func(*v1alpha1.ZMAOrder, string, string, metav1.Time)
		reasons []string
	}{
		"progress": {Progress, v1alpha1.ProgressReasons()},
		"stall":    {Stall, v1alpha1.StalledReasons()},
		"ready":    {Ready, []string{v1alpha1.ReasonPlaced, v1alpha1.ReasonShipped, v1alpha1.ReasonDelivered}},
	}
	for name, w := range writers {
		for _, reason := range w.reasons {
			t.Run(name+" "+reason, func(t *testing.T) {
				o := newOrder()
				w.write(o, reason, "", at(1))
				if err := kstatus.CheckOrder(o); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestSetKeepsTheTimeUntilTheStatusChanges(t *testing.T) {
	o := newOrder()
	Set(o, v1alpha1.ConditionValidated, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "", at(1))
	Set(o, v1alpha1.ConditionValidated, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "still", at(2))
	if got := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionValidated); !got.LastTransitionTime.Equal(new(at(1))) {
		t.Errorf("same status: time is %v, want %v", got.LastTransitionTime, at(1))
	}
	Set(o, v1alpha1.ConditionValidated, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "", at(3))
	got := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionValidated)
	if !got.LastTransitionTime.Equal(new(at(3))) {
		t.Errorf("new status: time is %v, want %v", got.LastTransitionTime, at(3))
	}
	if got.ObservedGeneration != o.Generation {
		t.Errorf("observedGeneration is %d, want %d", got.ObservedGeneration, o.Generation)
	}
}

func TestAStatusReadBackEqualsTheOneWritten(t *testing.T) {
	o := newOrder()
	now := metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 987654321, time.UTC))
	Progress(o, v1alpha1.ReasonProcessing, "broken \xff byte", now)
	raw, err := json.Marshal(o.Status)
	if err != nil {
		t.Fatal(err)
	}
	var back v1alpha1.ZMAOrderStatus
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o.Status, back); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestHistoryHoldsChangesOfReasonOnly(t *testing.T) {
	o := newOrder()
	Progress(o, v1alpha1.ReasonSubmitting, "a", at(1))
	o.Status.Submission = &v1alpha1.Submission{Attempt: 3}
	Progress(o, v1alpha1.ReasonProcessing, "b", at(2))
	Progress(o, v1alpha1.ReasonProcessing, "other words, same reason", at(3))
	Ready(o, v1alpha1.ReasonPlaced, "c", at(4))
	Ready(o, v1alpha1.ReasonShipped, "d", at(5))
	want := []v1alpha1.Transition{
		{At: at(1), Reason: v1alpha1.ReasonSubmitting},
		{At: at(2), Reason: v1alpha1.ReasonProcessing, Attempt: 3},
		{At: at(4), Reason: v1alpha1.ReasonPlaced, Attempt: 3},
		{At: at(5), Reason: v1alpha1.ReasonShipped, Attempt: 3},
	}
	if diff := cmp.Diff(want, o.Status.History); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestHistoryKeepsTheLastEntriesAndNoneOfAnothersMemory(t *testing.T) {
	o := newOrder()
	for i := range MaxHistory {
		alternate(o, i)
	}
	cached := o.DeepCopy()
	shared := o.Status.History // as a shallow copy from a cache would hold it
	for i := range 7 {
		alternate(o, MaxHistory+i)
	}
	if diff := cmp.Diff(cached.Status.History, shared, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("an older copy changed (-want +got):\n%s", diff)
	}
	if got := len(o.Status.History); got != MaxHistory {
		t.Fatalf("history has %d entries, want %d", got, MaxHistory)
	}
	if first, want := o.Status.History[0].At, at(7); !first.Equal(&want) {
		t.Errorf("oldest entry is of %v, want %v", first, want)
	}
	if err := kstatus.CheckOrder(o); err != nil {
		t.Error(err)
	}
}

func alternate(o *v1alpha1.ZMAOrder, i int) {
	reasons := []string{v1alpha1.ReasonThrottled, v1alpha1.ReasonProviderUnavailable}
	Progress(o, reasons[i%2], "", at(i))
}

func TestTruncate(t *testing.T) {
	cases := []struct{ reason, in, want string }{
		{"a short message stays", "short", "short"},
		{"the longest message stays", strings.Repeat("x", MaxMessage), strings.Repeat("x", MaxMessage)},
		{"a longer one ends in an ellipsis", strings.Repeat("x", MaxMessage+1), strings.Repeat("x", MaxMessage-1) + "…"},
		{"characters count, not bytes", strings.Repeat("ü", MaxMessage), strings.Repeat("ü", MaxMessage)},
		{"no character is cut in two", strings.Repeat("ü", 2*MaxMessage), strings.Repeat("ü", MaxMessage-1) + "…"},
		{"invalid bytes are replaced", "a\xffb", "a�b"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := Truncate(tc.in)
			if got != tc.want {
				t.Errorf("got %d characters, want %d", utf8.RuneCountInString(got), utf8.RuneCountInString(tc.want))
			}
		})
	}
}

func ExampleStall() {
	o := newOrder()
	Stall(o, v1alpha1.ReasonAwaitingAddress, "the carrier does not know the address", at(0))
	for _, c := range o.Status.Conditions {
		fmt.Println(c.Type, c.Status, c.Reason)
	}
	// Output:
	// Ready False AwaitingAddress
	// Stalled True AwaitingAddress
}
