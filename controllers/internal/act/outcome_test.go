package act

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"

	"github.com/prometheus/client_golang/prometheus"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// keptAlerts takes alerts and audit rows.
type keptAlerts struct {
	Ledger
	alerts []ledger.Alert
}

func (k *keptAlerts) RaiseAlert(_ context.Context, a ledger.Alert) (bool, error) {
	k.alerts = append(k.alerts, a)
	return true, nil
}

func (k *keptAlerts) Audit(context.Context, ...ledger.AuditEntry) error { return nil }

func sent(state v1alpha1.SubmissionState, requestID string, intentAt time.Time) *v1alpha1.Submission {
	at := metav1.NewTime(intentAt)
	return &v1alpha1.Submission{
		Attempt: 1, IdempotencyKey: "key", State: state, RequestID: requestID, Sends: 1,
		ProviderAccountID: "acct", IntentAt: at, ReservedAt: at, MaxPriceCents: 1,
	}
}

// TestALateOutcomeNeverSetsAnOrderBack has a process that was frozen in its paid call
// write what it knows, after another has gone on from the same intent.
func TestALateOutcomeNeverSetsAnOrderBack(t *testing.T) {
	accepted := zma.SubmitResult{Verdict: zma.Accepted, RequestID: "r1"}
	unknown := zma.SubmitResult{Verdict: zma.Unknown, Code: "no_answer"}
	for name, c := range map[string]struct {
		now    v1alpha1.ZMAOrderStatus
		result zma.SubmitResult
		state  v1alpha1.SubmissionState
		placed bool
		alerts int
	}{
		"the intent is as it was":                    {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionIntended, "", noon)}, accepted, v1alpha1.SubmissionAccepted, false, 0},
		"the intent is as it was, nothing is known":  {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionIntended, "", noon)}, unknown, v1alpha1.SubmissionUnknown, false, 0},
		"a later call is under way, this one worked": {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionIntended, "", noon.Add(time.Minute))}, accepted, v1alpha1.SubmissionAccepted, false, 0},
		"a later call is under way":                  {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionIntended, "", noon.Add(time.Minute))}, unknown, v1alpha1.SubmissionIntended, false, 0},
		"it is accepted already":                     {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionAccepted, "r1", noon)}, unknown, v1alpha1.SubmissionAccepted, false, 0},
		"it is placed already":                       {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionAccepted, "r1", noon), Placement: &v1alpha1.Placement{}}, unknown, v1alpha1.SubmissionAccepted, true, 0},
		"it is placed, and this one worked too":      {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionAccepted, "r1", noon), Placement: &v1alpha1.Placement{}}, accepted, v1alpha1.SubmissionAccepted, true, 0},
		"it is placed under another request":         {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionAccepted, "r2", noon), Placement: &v1alpha1.Placement{}}, accepted, v1alpha1.SubmissionAccepted, true, 1},
		"it has been refused meanwhile":              {v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionRejected, "", noon)}, unknown, v1alpha1.SubmissionRejected, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			x, api, kept := bench(t)
			order := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "o"}, Status: v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionIntended, "", noon)}}
			if err := api.Create(t.Context(), order); err != nil {
				t.Fatal(err)
			}
			task := &Task{Order: order.DeepCopy(), Stored: order.DeepCopy(), Account: &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Name: "main"}}}
			order.Status = c.now
			if err := api.Status().Update(t.Context(), order); err != nil {
				t.Fatal(err)
			}
			proven := outcome{requestID: c.result.RequestID, apply: func(t *Task) { x.apply(t, c.result) }}
			proven.apply(task)
			if err := x.writeOutcome(t.Context(), task, proven); err != nil && !IsChanged(err) {
				t.Fatal(err)
			}
			var got v1alpha1.ZMAOrder
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(order), &got); err != nil {
				t.Fatal(err)
			}
			if got.Status.Submission.State != c.state || (got.Status.Placement != nil) != c.placed || len(kept.alerts) != c.alerts {
				t.Errorf("state %s, placed %v, %d alerts; want %s, %v, %d", got.Status.Submission.State, got.Status.Placement != nil, len(kept.alerts), c.state, c.placed, c.alerts)
			}
		})
	}
}

// bench is executors over a fake API server.
func bench(t *testing.T) (*Executors, client.Client, *keptAlerts) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	metrics, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1alpha1.ZMAOrder{}).Build()
	kept := &keptAlerts{}
	now := func() time.Time { return noon }
	return New(Config{
		Client: api, Live: api, Ledger: kept, Polls: NewPolls(), Metrics: metrics, Now: now, Roll: func() float64 { return 0.5 },
		WriteTimeout: time.Second,
	}), api, kept
}
