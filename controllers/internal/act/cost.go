package act

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/notify"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

const confirmationKind = "confirmation"

// priced takes over the provider's price. Without one the cost stays pending and
// the next poll asks again.
func priced(o *v1alpha1.ZMAOrder, p *zma.Price) {
	if p == nil {
		return
	}
	if o.Status.Cost == nil {
		o.Status.Cost = &v1alpha1.Cost{EstimateCents: Estimate(o)}
	}
	variance := p.TotalCents - o.Status.Cost.EstimateCents
	o.Status.Cost.Actual = &v1alpha1.ActualCost{
		SubtotalCents: p.SubtotalCents, ShippingCents: p.ShippingCents, TaxCents: p.TaxCents,
		AdjustmentCents: p.AdjustmentCents, TotalCents: p.TotalCents,
	}
	o.Status.Cost.VarianceCents = &variance
	o.Status.Cost.Display = display(o.Spec.Total.Currency, p.TotalCents)
}

// recordCost settles the actual cost in the ledger, together with the mail that
// tells the customer: both or none.
func (x *Executors) recordCost(ctx context.Context, t *Task, _ machine.Action) error {
	settlement, err := x.settlement(t)
	if err != nil {
		return err
	}
	err = x.Ledger.Settle(ctx, settlement)
	var mismatch *ledger.ErrMismatch
	switch {
	case errors.As(err, &mismatch):
		// The books keep what they have; a person compares.
		log(ctx).Error(err, "The provider's price differs from the one on record")
		x.alert(ctx, t, "SettlementMismatch", "critical", "The provider's price differs from the one that was settled.")
	case errors.Is(err, ledger.ErrUnavailable):
		return &Wait{Reason: v1alpha1.ReasonCostPending, Message: "Placed; the cost is recorded as soon as the ledger answers.", After: ledgerPause, Err: err}
	case err != nil:
		return fromLedger(err)
	}
	x.set(t.Order, v1alpha1.ConditionCostRecorded, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The cost is in the ledger.")
	x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The reservation was settled.")
	if settlement.Mail == nil {
		x.set(t.Order, v1alpha1.ConditionNotified, metav1.ConditionTrue, v1alpha1.ReasonNotRequired, "No confirmation is asked for.")
	} else {
		x.set(t.Order, v1alpha1.ConditionNotified, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "The confirmation is in the outbox.")
		x.MailQueued()
	}
	x.advance(t)
	x.tellVariance(ctx, t)
	return nil
}

func (x *Executors) settlement(t *Task) (ledger.Settlement, error) {
	raw, err := endRecord(t.Order, v1alpha1.ReasonPlaced)
	if err != nil {
		return ledger.Settlement{}, &Transient{Err: err}
	}
	s := ledger.Settlement{
		Identity: v1alpha1.IdentityOf(t.Order), Attempt: t.Order.Status.Submission.Attempt,
		RequestID: t.Order.Status.Submission.RequestID, Actual: *t.Order.Status.Cost.Actual,
		EstimateCents: t.Order.Status.Cost.EstimateCents, Record: raw, Actor: "controller",
	}
	if t.Notifications == nil {
		return s, nil
	}
	mail, wanted, err := notify.ConfirmationMail(t.Order, t.Notifications)
	if err != nil {
		return ledger.Settlement{}, &Transient{Err: err}
	}
	if wanted {
		s.Mail = mail
	}
	return s, nil
}

// changed tells whether the status will be written anyway.
func changed(t *Task) bool {
	return !equality.Semantic.DeepEqual(t.Order.Status, t.Stored.Status)
}
