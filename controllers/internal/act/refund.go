package act

import (
	"context"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// refunds books what the provider has paid back for an order that was cancelled, or
// whose case says that money came back. Each movement counts once, however often
// it is read. What can't be read now is read with the next poll.
func (x *Executors) refunds(ctx context.Context, t *Task, provider zma.Client) error {
	if !condition.IsTrue(t.Order, v1alpha1.ConditionCostRecorded) || machine.Refunded(t.Order) || !x.refundExpected(ctx, t, provider) {
		return nil
	}
	callCtx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	sub := t.Order.Status.Submission
	refunds, err := provider.Refunds(callCtx, sub.RequestID, sub.ReservedAt.Add(-clockSkew))
	if err != nil {
		log(ctx).Info("Refunds could not be read from the provider", "requestID", sub.RequestID, "error", err.Error())
		return nil
	}
	for _, r := range refunds {
		total, err := x.Ledger.Refund(ctx, ledger.Refund{
			Identity: v1alpha1.IdentityOf(t.Order), Attempt: sub.Attempt, Reference: r.Reference, Cents: r.Cents, Actor: "controller",
		})
		if err != nil {
			log(ctx).Info("A refund could not be booked; it is with the next poll", "error", err.Error())
			return nil
		}
		if gained := total - t.Order.Status.Cost.RefundedCents; gained > 0 {
			x.Metrics.Refunds.WithLabelValues(t.Order.Namespace, t.Account.Name).Add(float64(gained))
		}
		t.Order.Status.Cost.RefundedCents = total
	}
	return nil
}

// refundExpected tells whether there is a reason to look for money that came back.
func (x *Executors) refundExpected(ctx context.Context, t *Task, provider zma.Client) bool {
	if len(cancelledOf(t.Order)) > 0 || cancelledWhole(t.Order) {
		return true
	}
	callCtx, cancel := context.WithTimeout(ctx, x.CallTimeout)
	defer cancel()
	c, err := provider.Case(callCtx, t.Order.Status.Submission.RequestID)
	if err != nil {
		return false // without cases, or not readable now
	}
	for _, message := range c.Messages {
		if strings.HasPrefix(message, "case.refund.") {
			return true
		}
	}
	return false
}
