package e2e

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// byHand are requests of a person. What the process dies in is taken up again, and
// acts once.
func byHand() []story {
	return slices.Concat(decisions(), approvals(), unknownsByHand())
}

func decisions() []story {
	retried := boughtSecond().with(func(e *end) { e.Alerts, e.Asked, e.Audited = "NeedsDecision resolved", "retry", "retry" })
	return []story{
		{
			name: "retry",
			points: at(
				proxy.Recovery, proxy.RecoveryEvent, proxy.Reservation, proxy.Intent, proxy.PaidCall, proxy.Outcome,
				proxy.RecoveryRecord, proxy.AlertEnd,
			),
			begin: comes(zmasim.ProductFailOnce("max_price_exceeded"), undecided()), act: asks("retry"), end: retried,
		},
		{
			// The next process meets the second request before it has told of the first.
			name: "asked again while dead", points: at(proxy.Recovery)[1:],
			begin: comes(zmasim.ProductFailOnce("max_price_exceeded"), undecided()), act: asks("retry"),
			dead: func(w *world, name string) { asks("now")(w, name) },
			end:  retried.with(func(e *end) { e.Asked, e.Audited = "retry; now", "retry; now" }),
		},
		{
			name: "refused request", points: at(proxy.Recovery),
			begin: comes(zmasim.ProductOK, bought()), act: asks("retry"),
			end: bought().with(func(e *end) { e.Asked, e.Audited = "retry", "retry" }),
		},
	}
}

func approvals() []story {
	waits := end{Reason: v1alpha1.ReasonAwaitingApproval, Mirror: v1alpha1.ReasonAwaitingApproval, Alerts: "AwaitingApproval open"}
	begin := func(w *world) string {
		w.must(w.client.Create(w.t.Context(), strict(w.namespace)))
		return comes(zmasim.ProductOK, waits)(w)
	}
	return []story{
		{
			name: "review", settings: settings{policy: "strict"}, points: at(proxy.Event, proxy.Hold, proxy.Alert),
			begin: func(w *world) string { w.must(w.client.Create(w.t.Context(), strict(w.namespace))); return "" },
			act:   sends(zmasim.ProductOK), end: waits,
		},
		{
			name: "approve", settings: settings{policy: "strict"}, points: at(proxy.Recovery, proxy.Reservation),
			begin: begin, act: asks("approve"),
			end: bought().with(func(e *end) { e.Alerts, e.Asked, e.Audited = "AwaitingApproval resolved", "approve", "approve" }),
		},
		{
			name: "reject", settings: settings{policy: "strict"}, points: at(proxy.Recovery, proxy.Release, proxy.End),
			begin: begin, act: asks("reject"),
			end: end{
				Reason: v1alpha1.ReasonDenied, Outcome: "refused", Mirror: v1alpha1.ReasonDenied,
				Alerts: "AwaitingApproval resolved", Asked: "reject", Audited: "reject",
			},
		},
	}
}

func strict(namespace string) *v1alpha1.OrderPolicy {
	return &v1alpha1.OrderPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "strict"},
		Spec:       v1alpha1.OrderPolicySpec{Approval: &v1alpha1.ApprovalRule{AboveCents: 1}},
	}
}

// unknownsByHand are requests about an order of which nobody knows whether it was
// bought.
func unknownsByHand() []story {
	unknown := settings{noCallbacks: true, callTimeout: 2 * time.Second}
	abandoned := end{
		Reason: v1alpha1.ReasonAbandoned, Purchases: 1, Keys: 1, Ledger: "1 reserved", Mirror: v1alpha1.ReasonAbandoned,
		Alerts: "OrderAbandoned open; SubmissionOutcomeUnknown resolved", Asked: "abandon", Audited: "abandon",
	}
	return []story{
		{
			name: "not bought", settings: unknown, points: at(proxy.Recovery, proxy.Release, proxy.Failure),
			begin: func(w *world) string {
				name := w.unknown(orderID, zmasim.ErrorBefore)
				w.quiet()
				return name
			},
			act: asks("resolve:not-bought"),
			end: undecided().with(func(e *end) {
				e.Alerts, e.Asked, e.Audited = "NeedsDecision open; SubmissionOutcomeUnknown resolved", "resolve:not-bought", "resolve:not-bought"
			}),
		},
		{
			name: "adopt", settings: unknown, points: at(proxy.Recovery, proxy.Settlement, proxy.Placement),
			begin: boughtUnknown, act: adopts,
			end: bought().with(func(e *end) { e.Alerts, e.Asked, e.Audited = "SubmissionOutcomeUnknown resolved", "adopt", "adopt" }),
		},
		{
			name: "abandon", settings: unknown, points: at(proxy.Recovery, proxy.Hold, proxy.AlertEnd, proxy.Alert),
			begin: boughtUnknown, act: asks("abandon"), end: abandoned,
		},
		{
			name: "abandoned and deleted", settings: unknown, points: at(proxy.MirrorDeletion, proxy.FinalizerRemoval),
			begin: func(w *world) string {
				name := asks("abandon")(w, boughtUnknown(w))
				w.must(w.comesTo(name, abandoned))
				return name
			},
			act: deletes, end: abandoned.with(func(e *end) { e.Reason, e.Mirror = gone, e.Mirror+" gone" }),
		},
	}
}

// boughtUnknown makes an order that was bought, which nobody knows yet, and whose
// alert is open.
func boughtUnknown(w *world) string {
	w.t.Helper()
	name := w.unknown(orderID, zmasim.Malformed)
	w.must(w.comesTo(name, end{
		Reason: v1alpha1.ReasonSubmissionOutcomeUnknown, Purchases: 1, Keys: 1, Ledger: "1 reserved",
		Mirror: v1alpha1.ReasonSubmissionOutcomeUnknown, Alerts: "SubmissionOutcomeUnknown open",
	}))
	return name
}

// adopts the purchase that the provider's own record has.
func adopts(w *world, name string) string {
	w.t.Helper()
	return asks("adopt:"+w.sim.Record().PurchasesOf(w.identity(orderID))[0].RequestID)(w, name)
}

// comes has an order come to an end from which a story begins. Everything about it
// is then on record, so nothing of it is left to be killed in.
func comes(product string, to end) func(*world) string {
	return func(w *world) string {
		w.t.Helper()
		name := sends(product)(w, "")
		w.must(w.comesTo(name, to))
		return name
	}
}

// asks annotates an order as a person does, without waiting for the result.
func asks(value string) func(*world, string) string {
	return func(w *world, name string) string {
		w.t.Helper()
		o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
		patch := `{"metadata":{"annotations":{"zma.dev/recover":"` + value + `"}}}`
		w.must(w.client.Patch(w.t.Context(), o, client.RawPatch(types.MergePatchType, []byte(patch))))
		return name
	}
}
