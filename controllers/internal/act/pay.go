package act

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/payment"
)

// paymentPause is the pause before an unfinished payment is looked at again.
const paymentPause = 20 * time.Second

// verifyPayment asks the payment provider; what the sender of a webhook says of
// a payment is never believed.
func (x *Executors) verifyPayment(ctx context.Context, t *Task, _ machine.Action) error {
	result, err := x.Payments(t.Account).Verify(ctx, t.Order)
	if err != nil {
		return x.unverified(t, &Wait{Reason: v1alpha1.ReasonPaymentPending, Message: "The payment could not be verified.", After: paymentPause, Err: err})
	}
	switch result.State {
	case payment.NotRequired:
		x.verified.set(t.Order, x.Now())
		x.set(t.Order, v1alpha1.ConditionPaymentVerified, metav1.ConditionTrue, v1alpha1.ReasonNotRequired, "The order has no payment to verify.")
		return nil
	case payment.Verified:
		if err := x.claim(ctx, t); err != nil {
			return x.unverified(t, err)
		}
		x.verified.set(t.Order, x.Now())
		x.paid(t, decidedPaid)
		x.set(t.Order, v1alpha1.ConditionPaymentVerified, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The payment is verified.")
		return nil
	case payment.Pending:
		return x.unverified(t, &Wait{Reason: v1alpha1.ReasonPaymentPending, Message: result.Reason, After: paymentPause})
	default:
		return x.unverified(t, &Terminal{Reason: v1alpha1.ReasonPaymentInvalid, Message: result.Reason})
	}
}

// claim makes sure that one payment pays for one order.
func (x *Executors) claim(ctx context.Context, t *Task) error {
	p := t.Order.Spec.Payment
	mine, err := x.Ledger.ClaimPayment(ctx, v1alpha1.IdentityOf(t.Order), p.Provider, p.Reference)
	switch {
	case err != nil:
		return fromLedger(err)
	case !mine:
		return &Terminal{Reason: v1alpha1.ReasonPaymentInvalid, Message: "The payment pays for another order."}
	}
	return nil
}

func (x *Executors) unverified(t *Task, err error) error {
	var wait *Wait
	var terminal *Terminal
	switch {
	case errors.As(err, &wait):
		x.set(t.Order, v1alpha1.ConditionPaymentVerified, metav1.ConditionFalse, wait.Reason, wait.Message)
	case errors.As(err, &terminal):
		x.paid(t, decidedUnpaid)
		x.set(t.Order, v1alpha1.ConditionPaymentVerified, metav1.ConditionFalse, terminal.Reason, terminal.Message)
	}
	return err
}
