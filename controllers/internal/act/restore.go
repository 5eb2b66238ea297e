package act

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Record is what the ledger keeps of an order that has ended, so that a
// recreated object can show it. It names no person and outlives erasure, which drops
// the digests of its contents.
type Record struct {
	// Reason that Ready had.
	Reason string `json:"reason"`
	// Attempt that ended it.
	Attempt int64 `json:"attempt,omitempty"`
	// RequestID at the provider.
	RequestID string `json:"requestID,omitempty"`
	// ErrorCode of the provider.
	ErrorCode string `json:"errorCode,omitempty"`
	// Placement at the retailer.
	Placement *v1alpha1.Placement `json:"placement,omitempty"`
	// Cost of the order.
	Cost *v1alpha1.Cost `json:"cost,omitempty"`
	// Contents of the order, by digests; nil after erasure, which keeps the fields
	// above alone.
	Contents *Contents `json:"contents,omitempty"`
}

func endRecord(o *v1alpha1.ZMAOrder, reason string) (json.RawMessage, error) {
	r := Record{Reason: reason, Placement: o.Status.Placement, Cost: o.Status.Cost, Contents: contentsOf(o)}
	if s := o.Status.Submission; s != nil {
		r.Attempt, r.RequestID, r.ErrorCode = s.Attempt, s.RequestID, s.ErrorCode
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return raw, nil
}

// usedBefore is what an order is told whose identity has ended with other contents.
const usedBefore = "The ID of this order was used before, for another order, which has ended as %s. Nothing is bought under it again; an order of its own needs an ID of its own."

// restore writes the recorded outcome of an identity back into an object that was
// made again. Nothing is bought. An object that asks for something else than the one
// that has ended does not get its end: it would tell of goods that nobody bought. One
// that has an attempt in its status is the one that the identity was given to.
// Where nothing was bought, an order of the same goods that was merely corrected has
// ended all the same.
func (x *Executors) restore(ctx context.Context, t *Task, h ledger.History) error {
	var r Record
	if len(h.Record) > 0 {
		if err := json.Unmarshal(h.Record, &r); err != nil {
			return &Transient{Err: fmt.Errorf("decode record: %w", err)}
		}
	}
	same := r.Contents.same
	if h.Outcome != ledger.OutcomeBought {
		same = r.Contents.sameGoods
	}
	if t.Order.Status.Submission == nil && !same(t.Order) {
		log(ctx).Info("The ledger has the end of another order under this identity; nothing is bought", "outcome", h.Outcome)
		return &Terminal{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf(usedBefore, h.Outcome)}
	}
	log(ctx).Info("The ledger has this order's end on record; nothing is bought", "outcome", h.Outcome)
	if h.Outcome == ledger.OutcomeBought {
		x.restoreBought(t, h, r)
		return nil
	}
	return x.restoreUnbought(t, h, r)
}

func (x *Executors) restoreUnbought(t *Task, h ledger.History, r Record) error {
	reason := v1alpha1.ReasonRejected
	switch {
	case h.Outcome == ledger.OutcomeCancelled:
		reason = v1alpha1.ReasonCancelled
	case r.Reason == v1alpha1.ReasonDenied || r.Reason == v1alpha1.ReasonInvalid:
		reason = r.Reason
	}
	if t.Order.Status.Submission != nil {
		// An older status than that end: what it says of its attempt is not so any more.
		t.Order.Status.Submission = x.failedAttempt(t, h.Latest)
	}
	x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, v1alpha1.ReasonRestored, "The order ended before without a purchase.")
	return &Terminal{Reason: reason, Message: "This order ended before as " + string(h.Outcome) + "; the ledger keeps its record."}
}

func (x *Executors) restoreBought(t *Task, h ledger.History, r Record) {
	now := x.time()
	t.Order.Status.Submission = &v1alpha1.Submission{
		Attempt: h.Latest.Number, IdempotencyKey: h.Latest.IdempotencyKey, State: v1alpha1.SubmissionAccepted,
		RequestID: firstOf(r.RequestID, h.Latest.RequestID), ProviderAccountID: h.Latest.ProviderAccountID,
		IntentAt: metav1.NewTime(h.Latest.ReservedAt), ReservedAt: metav1.NewTime(h.Latest.ReservedAt),
		ResolvedAt: &now, Sends: 1, MaxPriceCents: h.Latest.MaxPriceCents, ShippingAddress: normalised(t),
	}
	t.Order.Status.Placement, t.Order.Status.Cost = r.Placement, r.Cost
	for _, typ := range []string{v1alpha1.ConditionFundsReserved, v1alpha1.ConditionSubmitted, v1alpha1.ConditionPlaced, v1alpha1.ConditionCostRecorded} {
		x.set(t.Order, typ, metav1.ConditionTrue, v1alpha1.ReasonRestored, "Written back from the ledger.")
	}
	condition.Ready(t.Order, v1alpha1.ReasonPlaced, "Bought before; the recorded outcome was written back.", now)
}

// resume takes up an identity at the highest attempt that the ledger knows of.
func (x *Executors) resume(ctx context.Context, t *Task, a machine.Action, r ledger.Reservation, h ledger.History) error {
	latest := h.Latest
	if latest.State == ledger.AttemptReleased && a.Attempt <= latest.Number {
		if wasRefused(latest) {
			return x.takeUpFailure(ctx, t, latest)
		}
		// Of that attempt nothing was sent; the next one is free.
		a.Attempt = latest.Number + 1
		return x.reserve(ctx, t, a)
	}
	if latest.State != ledger.AttemptReserved {
		return &Transient{Err: fmt.Errorf("the ledger has attempt %d as %s, the order asks for attempt %d", latest.Number, latest.State, a.Attempt)}
	}
	if latest.ProviderAccountID != r.ProviderAccountID {
		return &Terminal{Reason: v1alpha1.ReasonProviderAccountChanged, Message: "An earlier attempt was made with another provider account than the ZMAAccount names now."}
	}
	if latest.Number == a.Attempt && latest.IdempotencyKey != r.IdempotencyKey {
		return &Terminal{Reason: v1alpha1.ReasonProviderAccountChanged, Message: "An earlier attempt was made under another installationID than the ZMAAccount names now."}
	}
	if latest.Number <= a.Attempt {
		return &Transient{Err: fmt.Errorf("the ledger still holds attempt %d", latest.Number)}
	}
	log(ctx).Info("The ledger knows of a later attempt; taking it up", "attempt", latest.Number)
	a.Attempt = latest.Number
	return x.reserve(ctx, t, a)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
