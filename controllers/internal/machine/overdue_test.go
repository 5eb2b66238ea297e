package machine

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestOverdue(t *testing.T) {
	own := account()
	own.Spec.Deadlines = []v1alpha1.Deadline{{Reason: v1alpha1.ReasonProcessing, After: metav1.Duration{Duration: time.Minute}}}
	for name, c := range map[string]struct {
		order   *v1alpha1.ZMAOrder
		account *v1alpha1.ZMAAccount
		age     time.Duration
		overdue bool
		known   bool
	}{
		"within the built-in deadline":         {order(progressing(v1alpha1.ReasonProcessing)), account(), 5 * time.Hour, false, true},
		"beyond the built-in deadline":         {order(progressing(v1alpha1.ReasonProcessing)), account(), 7 * time.Hour, true, true},
		"beyond the account's own":             {order(progressing(v1alpha1.ReasonProcessing)), own, 2 * time.Minute, true, true},
		"without an account the built-in goes": {order(progressing(v1alpha1.ReasonProcessing)), nil, 7 * time.Hour, true, true},
		"a scheduled order has its own time":   {order(progressing(v1alpha1.ReasonScheduled)), account(), 1000 * time.Hour, false, false},
		"who waits for a person has none":      {order(stalled(v1alpha1.ReasonNeedsDecision)), account(), 1000 * time.Hour, false, false},
		"an order without a status has none":   {order(), account(), time.Hour, false, false},
	} {
		by, known := Overdue(c.order, c.account, t0.Add(c.age))
		if known != c.known || (known && by >= 0) != c.overdue {
			t.Errorf("%s: by %s, known %v", name, by, known)
		}
	}
}

// TestEveryStateThatGoesOnByItselfHasADeadline: an order that nobody looks at must
// not stay somewhere for ever. A scheduled one says itself when it goes.
func TestEveryStateThatGoesOnByItselfHasADeadline(t *testing.T) {
	for _, reason := range v1alpha1.ProgressReasons() {
		if _, ok := deadlines()[reason]; !ok && reason != v1alpha1.ReasonScheduled {
			t.Errorf("%s has no deadline", reason)
		}
	}
	for reason := range deadlines() {
		if !slices.Contains(v1alpha1.ReadyReasons(), reason) {
			t.Errorf("%s is no reason of Ready", reason)
		}
	}
}
