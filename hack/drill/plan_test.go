package drill

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// The accounts that trouble is kept apart in: a breaker that opens for one holds up
// no order of another.
const (
	heldAccount      = "held"      // suspended until after the disaster
	throttledAccount = "throttled" // told to come back in an hour
	doubtfulAccount  = "doubtful"  // its answers get lost
	wireAccount      = "wire"      // its calls are under way when the disaster comes
)

// Phases of a kind: when its orders are sent.
const (
	early = iota // and waited for, before the others
	late         // and waited for
	rush         // as the controller dies, without looking what becomes of them
	after        // once the controller is dead: acknowledged, and never mirrored
)

// kind is a number of orders that the disaster finds in one state.
type kind struct {
	name, account, product string
	count, phase           int
	// faults that the paid call meets until after the disaster.
	faults []zmasim.Fault
	// cancelled by the customer once ready tells so.
	cancelled bool
	ready     func(*v1alpha1.ZMAOrder) bool
	// there tells whether an order is where the disaster is to find it.
	there func(*v1alpha1.ZMAOrder, zmasim.Record) bool
	// delivered before the disaster.
	delivered bool
	// open orders are those that a restore must write back.
	open bool
	want Want
}

func bought(keys int) Want {
	return Want{Purchases: 1, Keys: keys, Reasons: []string{v1alpha1.ReasonDelivered}}
}

// kinds are all of them, some sixty orders.
func kinds() []kind {
	post := func(f zmasim.Fault) zmasim.Fault { f.Method, f.PathPrefix = "POST", "/v1/orders"; return f }
	main, ok := shop.AccountName, zmasim.ProductOK
	return []kind{
		{name: "delivered", account: main, product: ok, count: 6, there: is(v1alpha1.ReasonDelivered), delivered: true, want: bought(1)},
		{name: "placed", account: main, product: ok, count: 8, there: is(v1alpha1.ReasonPlaced), open: true, want: bought(1)},
		{name: "second-attempt", account: main, product: zmasim.ProductFailOnce("insufficient_zma_balance"), count: 3, there: is(v1alpha1.ReasonPlaced), open: true, want: bought(2)},
		{name: "rejected", account: main, product: zmasim.ProductFor("product_unavailable"), count: 3, there: is(v1alpha1.ReasonRejected),
			want: Want{Keys: 1, Reasons: []string{v1alpha1.ReasonRejected}}},
		{name: "cancelled", account: heldAccount, product: ok, count: 4, ready: isHeld, cancelled: true, there: is(v1alpha1.ReasonCancelled),
			want: Want{Reasons: []string{v1alpha1.ReasonCancelled}}},
		{name: "returned", account: main, product: zmasim.ProductCancelDirect, count: 3, ready: isReady, cancelled: true, there: is(v1alpha1.ReasonCancelledAfterPlacement), open: true,
			want: Want{Purchases: 1, Keys: 1, Returned: true, Reasons: []string{v1alpha1.ReasonCancelledAfterPlacement, v1alpha1.ReasonCancelledByRetailer}}},

		{name: "held", account: heldAccount, product: ok, count: 6, phase: late, there: is(v1alpha1.ReasonSuspended), open: true, want: bought(1)},
		{name: "throttled", account: throttledAccount, product: ok, count: 4, phase: late, there: refused, open: true, want: bought(1),
			faults: []zmasim.Fault{post(zmasim.Fault{Kind: zmasim.TooManyRequests, RetryAfter: time.Hour})}},
		{name: "doubtful", account: doubtfulAccount, product: ok, count: 4, phase: late, there: doubted, open: true, want: bought(1),
			faults: []zmasim.Fault{post(zmasim.Fault{Kind: zmasim.DropAfter})}},
		{name: "unanswered", account: wireAccount, product: ok, count: 4, phase: late, there: called, open: true, want: bought(1),
			faults: []zmasim.Fault{post(zmasim.Fault{Kind: zmasim.Slow, Delay: time.Hour})}},
		{name: "on-its-way", account: wireAccount, product: ok, count: 4, phase: late, there: called, open: true, want: bought(1),
			faults: []zmasim.Fault{post(zmasim.Fault{Kind: zmasim.LateEffect, Delay: 10 * time.Second})}},
		{name: "processing", account: main, product: zmasim.ProductSlow, count: 6, phase: late, there: accepted, open: true, want: bought(1)},

		{name: "rush", account: main, product: ok, count: 6, phase: rush, want: bought(1)},
		{name: "unseen", account: main, product: ok, count: 4, phase: after, want: bought(1)},
	}
}

func readyReason(o *v1alpha1.ZMAOrder) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

// state of the order's attempt.
func state(o *v1alpha1.ZMAOrder) v1alpha1.SubmissionState {
	if o.Status.Submission == nil {
		return "none"
	}
	return o.Status.Submission.State
}

func is(reason string) func(*v1alpha1.ZMAOrder, zmasim.Record) bool {
	return func(o *v1alpha1.ZMAOrder, _ zmasim.Record) bool { return readyReason(o) == reason }
}

func isReady(o *v1alpha1.ZMAOrder) bool {
	return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady)
}

func isHeld(o *v1alpha1.ZMAOrder) bool { return readyReason(o) == v1alpha1.ReasonSuspended }

// asked orders met the provider.
func asked(o *v1alpha1.ZMAOrder, r zmasim.Record) bool {
	return len(r.KeysOf(v1alpha1.IdentityOf(o).String())) > 0
}

// called orders are in the middle of their paid call.
func called(o *v1alpha1.ZMAOrder, r zmasim.Record) bool {
	return state(o) == v1alpha1.SubmissionIntended && asked(o, r)
}

// refused orders can't be sent: the provider has said so, to them or to another
// order of their account.
func refused(o *v1alpha1.ZMAOrder, r zmasim.Record) bool {
	return readyReason(o) == v1alpha1.ReasonProviderUnavailable || asked(o, r)
}

// doubted orders were bought, and the operator does not know it; the breaker may
// keep the last ones from being sent.
func doubted(o *v1alpha1.ZMAOrder, _ zmasim.Record) bool {
	return state(o) == v1alpha1.SubmissionUnknown || readyReason(o) == v1alpha1.ReasonProviderUnavailable
}

func accepted(o *v1alpha1.ZMAOrder, _ zmasim.Record) bool {
	return state(o) == v1alpha1.SubmissionAccepted
}
