package machine

import (
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestNothingIsConcludedFromAStatusThatMayBeOlder: it may come from a backup, and the
// call may have been made since.
func TestNothingIsConcludedFromAStatusThatMayBeOlder(t *testing.T) {
	const (
		intended = v1alpha1.SubmissionIntended
		accepted = v1alpha1.SubmissionAccepted
		refused  = v1alpha1.SubmissionRejected
		notSent  = v1alpha1.SubmissionNotSent
		unknown  = v1alpha1.SubmissionUnknown
	)
	request := func(s *v1alpha1.Submission) { s.RequestID = "r" }
	forgotten := facts(func(f *Facts) { f.Recalled = false })
	for name, c := range map[string]struct {
		order *v1alpha1.ZMAOrder
		asks  bool
	}{
		"before it is sent":                              {order(checked(), attempt(1, notSent)), true},
		"before it ends as cancelled":                    {order(checked(), attempt(1, notSent), cancel), true},
		"before it ends as rejected by hand":             {order(checked(), attempt(1, notSent), rejectedByHandOf), true},
		"before it is deleted":                           {order(checked(), attempt(1, notSent), deleted), true},
		"before an intent's call is repeated":            {order(checked(), attempt(1, intended)), true},
		"before an unknown call is repeated":             {order(checked(), attempt(1, unknown)), true},
		"a request says for itself what became of it":    {order(attempt(1, unknown, request)), false},
		"what is accepted follows the provider":          {order(attempt(1, accepted)), false},
		"the next attempt is admitted by the ledger":     {order(attempt(1, refused, code("internal_error"))), false},
		"an abandoned order concludes nothing any more":  {order(attempt(1, notSent), abandonedByHand), false},
		"an ended order has concluded what it was about": {order(attempt(1, notSent), stalled(v1alpha1.ReasonCancelled)), false},
	} {
		if a := Decide(c.order, forgotten, t0); (a.Kind == Recall) != c.asks {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestAnAcceptedOrderThatTheProviderForgotHasAnExit, as has one that the provider takes
// for a duplicate: it is read on, a person is told, and nothing is given back.
func TestAnAcceptedOrderThatTheProviderForgotHasAnExit(t *testing.T) {
	for _, c := range []string{CodeForgotten, "duplicate_order"} {
		at := func(changes ...change) *v1alpha1.ZMAOrder {
			return order(append([]change{checked(), attempt(1, v1alpha1.SubmissionUnknown, code(c), func(s *v1alpha1.Submission) { s.RequestID = "r" })}, changes...)...)
		}
		if a := Decide(at(), facts(), t0); a.Kind != Observe {
			t.Errorf("%s: a read that is due: %+v", c, a)
		}
		read := facts(func(f *Facts) { f.LastObserved = t0 })
		for name, o := range map[string]*v1alpha1.ZMAOrder{"as it is": at(), "cancelled": at(cancel), "deleted": at(deleted)} {
			a := Decide(o, read, t0)
			if a.Kind != Stall || a.Reason != v1alpha1.ReasonSubmissionOutcomeUnknown || a.After <= 0 {
				t.Errorf("%s, %s: %+v", c, name, a)
			}
			if told := strings.Contains(a.Message, "cancelled"); told != (name != "as it is") {
				t.Errorf("%s, %s: %q", c, name, a.Message)
			}
		}
		for verb, ok := range map[Verb]bool{ResolveNow: true, NotBought: true, Adopt: true, Retry: false, Reject: false, Approve: false} {
			if refusal := Refusal(at(), Request{Verb: verb, Argument: "r"}, time.Minute, t0.Add(time.Hour)); (refusal == "") != ok {
				t.Errorf("%s: %s is refused because %q", c, verb, refusal)
			}
		}
		if a := Decide(at(), facts(func(f *Facts) { f.Account = nil }), t0); a.Kind != Wait || a.Reason != v1alpha1.ReasonAccountNotReady {
			t.Errorf("%s: without its account: %+v", c, a)
		}
	}
}

func TestADuplicateIsNeverRetried(t *testing.T) {
	o := order(attempt(1, v1alpha1.SubmissionRejected, code("duplicate_order")))
	if refusal := Refusal(o, Request{Verb: Retry}, time.Minute, t0); !strings.Contains(refusal, "adopt") {
		t.Errorf("refused because %q", refusal)
	}
	if refusal := Refusal(o, Request{Verb: Adopt, Argument: "r"}, time.Minute, t0); refusal != "" {
		t.Errorf("adopt is refused because %q", refusal)
	}
}

// TestNothingCanBeAskedForAnAbandonedOrder: it would be promised and never come.
func TestNothingCanBeAskedForAnAbandonedOrder(t *testing.T) {
	for _, state := range []v1alpha1.SubmissionState{v1alpha1.SubmissionUnknown, v1alpha1.SubmissionRejected, v1alpha1.SubmissionNotSent} {
		o := order(attempt(1, state), stalled(v1alpha1.ReasonAbandoned), abandonedByHand)
		for _, verb := range []Verb{Now, ResolveNow, NotBought, Adopt, Retry, Approve, Reject, Abandon} {
			if refusal := Refusal(o, Request{Verb: verb, Argument: "r"}, time.Minute, t0.Add(time.Hour)); !strings.Contains(refusal, "abandoned") {
				t.Errorf("%s of an order that is %s is refused because %q", verb, state, refusal)
			}
		}
	}
}
