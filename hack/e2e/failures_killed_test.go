package e2e

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// noRequestID kills the operator when an order is bought and its request ID not
// yet on record, and takes the whole status of another away.
func noRequestID(s *scene) {
	hit := s.trap.Arm(proxy.Point{Effect: proxy.Outcome, Phase: proxy.Before}, s.operator.Kill)
	name := s.buy("n06-unwritten", zmasim.ProductOK)
	s.sprung(hit)
	o, err := s.order(name)
	s.must(err)
	if sub := o.Status.Submission; sub == nil || sub.State != v1alpha1.SubmissionIntended || sub.RequestID != "" || len(s.paidCalls(s.identity("n06-unwritten"))) != 1 {
		s.t.Fatalf("the order was not caught between call and outcome: %+v", sub)
	}
	s.must(s.operator.Start(s.t.Context()))

	wiped := s.buy("n06-wiped", zmasim.ProductSlow)
	s.waitForReason(wiped, v1alpha1.ReasonProcessing)
	s.operator.Kill()
	s.rewrite(wiped, func(st *v1alpha1.ZMAOrderStatus) { *st = v1alpha1.ZMAOrderStatus{ObservedGeneration: -1} })
	s.must(s.operator.Start(s.t.Context()))
	for id, name := range map[string]string{"n06-unwritten": name, "n06-wiped": wiped} {
		o := s.waitFor(name, "Ready", isReady)
		if o.Status.Submission.RequestID == "" {
			s.t.Errorf("%s has no request ID", id)
		}
		s.check(s.boughtOnce(id))
		s.check(s.accountedOnce(id))
	}
}

func (s *scene) sprung(hit <-chan struct{}) {
	s.t.Helper()
	select {
	case <-hit:
	case <-time.After(patience):
		s.t.Fatal("the point was not reached")
	}
}

// rewrite changes an order's status as nobody but the operator should.
func (s *scene) rewrite(name string, change func(*v1alpha1.ZMAOrderStatus)) {
	s.t.Helper()
	o, err := s.order(name)
	s.must(err)
	change(&o.Status)
	s.must(s.client.Status().Update(s.t.Context(), o))
}

// oldOrder has the provider's callbacks get lost, and orders that are a quarter of
// a year old, or that were scheduled.
func oldOrder(s *scene) {
	s.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Polling.MaxInterval = &metav1.Duration{Duration: time.Second} })
	scheduled := s.byHand("n07-scheduled", 2*time.Second)
	for _, identity := range []string{s.identity("n07-old"), s.manualIdentity(scheduled)} {
		s.sim.AddFault(zmasim.Fault{Identity: identity, Kind: zmasim.CallbackDrop})
	}
	old := s.buy("n07-old", zmasim.ProductOK)
	o := s.waitFor(old, "Ready", isReady)
	s.waitFor(scheduled, "Ready without a callback", isReady)
	s.operator.Kill()
	then := metav1.NewTime(time.Now().Add(-90 * 24 * time.Hour).UTC().Truncate(time.Second))
	s.rewrite(old, func(st *v1alpha1.ZMAOrderStatus) {
		st.Submission.IntentAt, st.Submission.ReservedAt, st.Placement.PlacedAt = then, then, &then
	})
	s.must(s.operator.Start(s.t.Context()))
	s.readAgain(o.Status.Submission.RequestID, 2) // the first belongs to the start
	for s.sim.Advance(o.Status.Submission.RequestID) {
	}
	s.waitForReason(old, v1alpha1.ReasonDelivered)
	for _, c := range s.sim.Record().Callbacks {
		if c.RequestID == o.Status.Submission.RequestID && c.Fault != string(zmasim.CallbackDrop) {
			s.t.Errorf("the provider has called back for %s: nothing is shown about polling", c.Event)
		}
	}
}

// acceptanceNotWritten drops the write after the paid call: once, and once more
// with the process dying of it.
func acceptanceNotWritten(s *scene) {
	lookups := s.lookups()
	hit := s.trap.Arm(proxy.Point{Effect: proxy.Outcome, Phase: proxy.Before}, func() {})
	name := s.buy("n13-refused", zmasim.ProductOK)
	s.sprung(hit)
	s.waitFor(name, "Ready", isReady)
	s.expectCalls(s.identity("n13-refused"), 1, 1, 1)
	if n := s.lookups() - lookups; n != 0 {
		s.t.Errorf("%d look-ups for an outcome that was known", n)
	}

	hit = s.trap.Arm(proxy.Point{Effect: proxy.Outcome, Phase: proxy.Before}, s.operator.Kill)
	name = s.buy("n13-killed", zmasim.ProductOK)
	s.sprung(hit)
	s.must(s.operator.Start(s.t.Context()))
	s.waitFor(name, "Ready", isReady)
	s.expectCalls(s.identity("n13-killed"), 1, 1, 1)
	s.check(s.accountedOnce("n13-killed"))
}

// lookups counts how often the provider's list was read.
func (s *scene) lookups() int {
	n := 0
	for _, r := range s.sim.Record().Requests {
		if r.Method == http.MethodGet && r.Path == "/v1/orders" {
			n++
		}
	}
	return n
}
