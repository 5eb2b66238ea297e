package act

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/payment"
)

// till is whoever took the payment, and counts how often it is asked.
type till struct {
	state payment.State
	asked int
}

func (p *till) Verify(context.Context, *v1alpha1.ZMAOrder) (payment.Result, error) {
	p.asked++
	return payment.Result{State: p.state, Reason: "as told"}, nil
}

// claims is a ledger in which each payment is its order's.
type claims struct{ Ledger }

func (claims) ClaimPayment(context.Context, v1alpha1.Identity, v1alpha1.PaymentProvider, string) (bool, error) {
	return true, nil
}

// counter is executors of a process that has just started, whose orders were paid at
// a till.
func counter(t *testing.T, p *till, now *time.Time) *Executors {
	t.Helper()
	x, _, _ := bench(t)
	c := x.Config
	c.Now = func() time.Time { return *now }
	c.Ledger, c.Payments = claims{}, func(*v1alpha1.ZMAAccount) payment.Verifier { return p }
	return New(c)
}

func TestAPaymentIsVerifiedAgainBeforeMoneyIsSpent(t *testing.T) {
	now, p := noon, &till{state: payment.Verified}
	x, task := counter(t, p, &now), &Task{Order: prepared()}
	asked := func(want int, because string) {
		t.Helper()
		if err := x.stillPaid(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if p.asked != want {
			t.Errorf("%s: asked %d times, want %d", because, p.asked, want)
		}
	}
	if err := x.verifyPayment(t.Context(), task, machine.Action{}); err != nil {
		t.Fatal(err)
	}
	asked(1, "verified just now")
	now = now.Add(verifiedFor)
	asked(1, "as old as it may be")
	now = now.Add(1)
	asked(2, "too old")
	asked(2, "verified again just now")
	task.Order.UID = "made-again"
	asked(3, "of another object")
	x = counter(t, p, &now)
	asked(4, "by another process")
	x.verified.forget(nameOf(task.Order))
	asked(5, "of an order that was gone")
}

func TestAnOrderWithoutAPaymentIsNotAskedAboutAgain(t *testing.T) {
	now, p := noon, &till{state: payment.NotRequired}
	x, task := counter(t, p, &now), &Task{Order: prepared()}
	for range 2 {
		if err := x.stillPaid(t.Context(), task); err != nil || p.asked != 1 {
			t.Errorf("asked %d times: %v", p.asked, err)
		}
	}
}

// TestWhatIsReservedOutlivesAPaymentThatDoesNot: the order ends up as its first
// verification would have had it, and keeps its attempt, unsent, with its money.
func TestWhatIsReservedOutlivesAPaymentThatDoesNot(t *testing.T) {
	for state, reason := range map[payment.State]string{
		payment.Invalid: v1alpha1.ReasonPaymentInvalid, payment.Pending: v1alpha1.ReasonPaymentPending,
	} {
		t.Run(string(state), func(t *testing.T) {
			now, p := noon, &till{state: payment.Verified}
			x, task := counter(t, p, &now), &Task{Order: prepared()}
			if err := x.stillPaid(t.Context(), task); err != nil {
				t.Fatal(err)
			}
			now, p.state = now.Add(2*verifiedFor), state
			err := x.stillPaid(t.Context(), task)
			var terminal *Terminal
			var wait *Wait
			if got := errors.As(err, &terminal) && terminal.Reason == reason || errors.As(err, &wait) && wait.Reason == reason; !got {
				t.Errorf("got %v, want %s", err, reason)
			}
			o := task.Order
			if condition.IsTrue(o, v1alpha1.ConditionPaymentVerified) || !condition.IsTrue(o, v1alpha1.ConditionFundsReserved) || o.Status.Submission.State != v1alpha1.SubmissionNotSent {
				t.Errorf("the order is %+v", o.Status)
			}
		})
	}
}

// prepared is an order whose first attempt is reserved and not sent.
func prepared() *v1alpha1.ZMAOrder {
	o := bought()
	o.Spec.Payment = v1alpha1.Payment{Provider: v1alpha1.PaymentProviderStripe, Reference: "pi_1"}
	o.Spec.Total = v1alpha1.Money{Currency: "USD", AmountCents: 1000}
	o.Spec.ShippingAddress = v1alpha1.Address{Line1: "10 Main St", City: "Portland", State: "OR", PostalCode: "97201", Country: "US"}
	sub := sent(v1alpha1.SubmissionNotSent, "", noon)
	sub.Sends, sub.MaxPriceCents, sub.ShippingAddress = 0, MaxPrice(o, v1alpha1.MaxPriceRule{}), normalised(&Task{Order: o})
	o.Status.Submission = sub
	condition.Set(o, v1alpha1.ConditionFundsReserved, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "", metav1.NewTime(noon))
	return o
}
