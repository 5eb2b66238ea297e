package e2e

import (
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// failures are orders whose attempt fails with proof.
func failures() []story {
	refused := end{Reason: v1alpha1.ReasonRejected, Keys: 1, Ledger: "1 released", Outcome: "refused", Mirror: v1alpha1.ReasonRejected}
	return []story{
		{
			name: "refused", points: at(proxy.Release, proxy.End),
			act: sends(zmasim.ProductFor("product_unavailable")), end: refused,
		},
		{
			name: "refused at once", points: at(proxy.Refusal, proxy.Release, proxy.End),
			act: sends(zmasim.ProductRefused("product_unavailable")), end: refused,
		},
		{
			name:   "second attempt",
			points: append(at(proxy.Release, proxy.Failure), nth(2, proxy.Reservation, proxy.Intent, proxy.PaidCall, proxy.Outcome)...),
			act:    sends(zmasim.ProductFailOnce("insufficient_zma_balance")), end: boughtSecond(),
		},
		{
			name: "decision", points: at(proxy.Failure, proxy.Alert),
			act: sends(zmasim.ProductFor("max_price_exceeded")), end: undecided(),
		},
	}
}

// boughtSecond is the end of an order that was bought by its second attempt.
func boughtSecond() end {
	return bought().with(func(e *end) { e.Keys, e.Ledger = 2, "1 released; 2 settled" })
}

// undecided is an order that waits for a person after a failure.
func undecided() end {
	return end{
		Reason: v1alpha1.ReasonNeedsDecision, Keys: 1, Ledger: "1 released", Mirror: v1alpha1.ReasonNeedsDecision,
		Alerts: v1alpha1.ReasonNeedsDecision + " open",
	}
}

// unknowns are orders whose paid call has no readable answer.
func unknowns() []story {
	fault := func(kind zmasim.FaultKind) func(*world) string {
		return func(w *world) string {
			w.sim.AddFault(zmasim.Fault{
				Method: "POST", PathPrefix: "/v1/orders", Identity: w.identity(orderID), Kind: kind, Times: 1, RetryAfter: time.Second,
			})
			return ""
		}
	}
	return []story{
		{
			name: "lost answer", points: at(proxy.UnknownOutcome, proxy.ResolveRow, proxy.Outcome),
			begin: fault(zmasim.DropAfter), act: sends(zmasim.ProductOK), end: bought(),
		},
		{
			name: "lost call", points: append(nth(2, proxy.Intent, proxy.PaidCall), at(proxy.Outcome, proxy.ResolveRow)...),
			begin: fault(zmasim.DropBefore), act: sends(zmasim.ProductOK), end: bought(),
		},
		{
			name: "unsent call", points: append(at(proxy.Unsent), nth(2, proxy.Intent, proxy.PaidCall)...),
			begin: fault(zmasim.TooManyRequests), act: sends(zmasim.ProductOK), end: bought(),
		},
	}
}
