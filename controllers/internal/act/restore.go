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
// recreated object can show it. It holds no personal data: it outlives erasure.
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
}

func endRecord(o *v1alpha1.ZMAOrder, reason string) (json.RawMessage, error) {
	r := Record{Reason: reason, Placement: o.Status.Placement, Cost: o.Status.Cost}
	if s := o.Status.Submission; s != nil {
		r.Attempt, r.RequestID, r.ErrorCode = s.Attempt, s.RequestID, s.ErrorCode
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return raw, nil
}

// restore writes the recorded outcome of an identity back into an object that was
// made again. Nothing is bought.
func (x *Executors) restore(ctx context.Context, t *Task, h ledger.History) error {
	var r Record
	if len(h.Record) > 0 {
		if err := json.Unmarshal(h.Record, &r); err != nil {
			return &Transient{Err: fmt.Errorf("decode record: %w", err)}
		}
	}
	log(ctx).Info("The ledger has this order's end on record; nothing is bought", "outcome", h.Outcome)
	if h.Outcome != ledger.OutcomeBought {
		reason := v1alpha1.ReasonRejected
		switch {
		case h.Outcome == ledger.OutcomeCancelled:
			reason = v1alpha1.ReasonCancelled
		case r.Reason == v1alpha1.ReasonDenied || r.Reason == v1alpha1.ReasonInvalid:
			reason = r.Reason
		}
		x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, v1alpha1.ReasonRestored, "The order ended before without a purchase.")
		return &Terminal{Reason: reason, Message: "This order ended before as " + string(h.Outcome) + "; the ledger keeps its record."}
	}
	x.restoreBought(t, h, r)
	return nil
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
		// That attempt provably failed; the next one is free.
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
