package ledger_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestAnOrderComesBackWithoutAnAttemptThatTheBooksDoNotConfirm(t *testing.T) {
	tests := []struct {
		reason string
		stored ledger.StoredOrder
		sub    *v1alpha1.Submission
		keeps  bool
	}{
		{"a call may have followed NotSent", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptReserved}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionNotSent}, false},
		{"an intent of the open attempt is resolved as it was", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptReserved}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionIntended}, true},
		{"a later attempt is open", ledger.StoredOrder{Attempt: 2, AttemptState: ledger.AttemptReserved}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionIntended}, false},
		{"the attempt of an intent was released", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptReleased}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionIntended}, false},
		{"an accepted order is followed by its request", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptReserved}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionAccepted, RequestID: "req-1"}, true},
		{"bought, and not yet seen placed", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptSettled, Outcome: ledger.OutcomeBought}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionAccepted, RequestID: "req-1"}, false},
		{"accepted, and cancelled since", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptReleased, Outcome: ledger.OutcomeCancelled}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionAccepted, RequestID: "req-1"}, false},
		{"accepted, and its attempt released since", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptReleased}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionAccepted, RequestID: "req-1"}, false},
		{"a refusal is proof", ledger.StoredOrder{Attempt: 1, AttemptState: ledger.AttemptReleased}, &v1alpha1.Submission{Attempt: 1, State: v1alpha1.SubmissionRejected}, true},
	}
	for _, tc := range tests {
		tc.stored.Order = order(1, "a", noon, 1)
		tc.stored.Order.Status.Submission = tc.sub
		if got := tc.stored.Object().Status.Submission != nil; got != tc.keeps {
			t.Errorf("%s: keeps the submission %v, want %v", tc.reason, got, tc.keeps)
		}
	}
}

func TestOpenOrdersComeBackWithSpecAndAnnotationsButWithoutRequestsByHand(t *testing.T) {
	d := newDB(t)
	open, ended := order(1, "a", noon, 5), order(2, "b", noon, 6)
	open.Annotations = map[string]string{v1alpha1.AnnotationPayloadHash: "hash", v1alpha1.AnnotationRecover: "retry"}
	ended.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDelivered}}
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: open}, {Order: ended}}))
	found, err := d.OpenOrders(t.Context(), "", v1alpha1.Identity{}, 10)
	if err != nil || len(found) != 1 || found[0].Name != open.Name {
		t.Fatalf("open orders: %+v, %v", found, err)
	}
	o := found[0].Object()
	if o.Spec.Customer != open.Spec.Customer || o.Annotations[v1alpha1.AnnotationPayloadHash] != "hash" || o.UID != "" {
		t.Errorf("came back as %+v", o)
	}
	if _, asked := o.Annotations[v1alpha1.AnnotationRecover]; asked {
		t.Error("a request by hand came back")
	}
	if s, err := d.StoredOrder(t.Context(), "shop", ended.Name); err != nil || s.Object() == nil {
		t.Errorf("an ended order is not found by name: %+v, %v", s, err)
	}
}

func TestANewEpochBeatsVersionsAndClocksOfTheOldCluster(t *testing.T) {
	d := newDB(t)
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: order(1, "a", noon, 900)}}))
	restored := order(1, "b", noon.Add(-time.Hour), 7)
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: restored}}))
	if got := value[string](d, `SELECT uid FROM orders`); got != "a" {
		t.Fatalf("an earlier life won: %s", got)
	}
	if _, err := d.BeginEpoch(t.Context(), ledger.EpochRestore, "somebody"); err != nil {
		t.Fatal(err)
	}
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: restored}}))
	if got := value[string](d, `SELECT uid || ' ' || resource_version FROM orders`); got != "b 7" {
		t.Errorf("after the epoch: %s", got)
	}
}

func TestAVersionStoredWithoutItsDocumentsIsStoredAgain(t *testing.T) {
	d := newDB(t)
	s := []ledger.Snapshot{{Order: order(1, "a", noon, 5)}}
	d.must(d.Mirror(t.Context(), s))
	d.must(d.exec(`UPDATE orders SET spec = NULL, document_version = NULL`))
	d.must(d.Mirror(t.Context(), s))
	if !value[bool](d, `SELECT spec IS NOT NULL FROM orders`) {
		t.Error("the spec is not stored")
	}
}
