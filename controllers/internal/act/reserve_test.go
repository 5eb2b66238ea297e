package act

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// judging is a ledger whose history of the customer has changed by the time of the
// reservation. It repeats its transaction once.
type judging struct {
	Ledger
	before, then ledger.CustomerHistory
	looked       bool
}

func (j *judging) Customer(context.Context, *v1alpha1.ZMAOrder, time.Duration) (ledger.CustomerHistory, error) {
	return j.before, nil
}

func (j *judging) Reserve(ctx context.Context, r ledger.Reservation) (ledger.ReserveResult, error) {
	j.looked = r.Judge.LooksBack
	_ = r.Judge.Decide(ctx, j.then)
	if err := r.Judge.Decide(ctx, j.then); err != nil {
		return ledger.ReserveResult{}, err
	}
	return ledger.ReserveResult{ReservedAt: noon}, nil
}

// sound is a task whose order passes every check, and whose account's balance is fresh.
func sound(p v1alpha1.OrderPolicySpec) *Task {
	cents, at, price := int64(1_000_000), metav1.NewTime(noon), int64(1000)
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "o", UID: "u", Generation: 1}, Spec: v1alpha1.ZMAOrderSpec{
		Retailer: "amazon", Items: []v1alpha1.OrderItem{{ProductID: "B0EXAMPLE1", Quantity: 1, UnitPriceCents: &price}},
		ShippingAddress: v1alpha1.Address{
			FirstName: "Ada", LastName: "Sample", Line1: "1120 SW Fifth Avenue", City: "Portland",
			State: "OR", PostalCode: "97204", Country: "US", Phone: "+15032234567",
		},
		Customer: v1alpha1.Customer{ID: "c"}, Total: v1alpha1.Money{Currency: "USD", AmountCents: price},
	}}
	a := &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}}
	a.Spec.InstallationID, a.Spec.ProviderAccountID = "0b0c4f63-61f5-4f1c-a4f5-0d4b6a6a4a51", "acct"
	a.Status.BalanceCents, a.Status.BalanceAt = &cents, &at
	return &Task{Order: o, Stored: o.DeepCopy(), Account: a, Policy: &v1alpha1.OrderPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "p", UID: "p", Generation: 1}, Spec: p,
	}}
}

// TestAnOrderIsJudgedAgainWhenItIsReserved: it passes every check, then other orders of
// its customer get their money, or its policy changes.
func TestAnOrderIsJudgedAgainWhenItIsReserved(t *testing.T) {
	one := int32(1)
	anHour := v1alpha1.OrderPolicySpec{Velocity: &v1alpha1.VelocityRule{OrdersPerHour: &one}}
	noTwice := v1alpha1.OrderPolicySpec{Duplicates: &v1alpha1.DuplicateRule{Window: metav1.Duration{Duration: time.Hour}, Action: v1alpha1.PolicyDeny}}
	nothing := func(*Task) {}
	tighter := func(spec v1alpha1.OrderPolicySpec) func(*Task) {
		return func(t *Task) { t.Policy.Generation, t.Policy.Spec = 2, spec }
	}
	byRule := func(expression string) v1alpha1.OrderPolicySpec {
		return v1alpha1.OrderPolicySpec{Rules: []v1alpha1.PolicyRule{{Name: "r", Expression: expression, Action: v1alpha1.PolicyDeny}}}
	}
	person := func(t *Task) { t.Order.Status.Recovery = &v1alpha1.Recovery{ApprovedAddress: approvalOf(t.Order)} }
	for name, c := range map[string]struct {
		policy          v1alpha1.OrderPolicySpec
		then            ledger.CustomerHistory
		change          func(*Task)
		reason, decided string
		looked          bool
	}{
		"nothing has changed":                              {anHour, ledger.CustomerHistory{}, nothing, "", decidedAllowed, true},
		"the customer was faster":                          {anHour, ledger.CustomerHistory{OrdersLastHour: 1}, nothing, v1alpha1.ReasonAwaitingApproval, decidedReview, true},
		"the customer was faster, a person has approved":   {anHour, ledger.CustomerHistory{OrdersLastHour: 1}, person, "", decidedApproved, true},
		"its like was bought":                              {noTwice, ledger.CustomerHistory{DuplicateOf: "zo-x"}, nothing, v1alpha1.ReasonDenied, decidedDenied, true},
		"its like was bought, and nobody can approve that": {noTwice, ledger.CustomerHistory{DuplicateOf: "zo-x"}, person, v1alpha1.ReasonDenied, decidedDenied, true},
		"a rule was added":                                 {anHour, ledger.CustomerHistory{}, tighter(byRule("true")), v1alpha1.ReasonDenied, decidedDenied, false},
		"a rule about the customer was added":              {v1alpha1.OrderPolicySpec{}, ledger.CustomerHistory{OrdersLastDay: 7}, tighter(byRule("customer.ordersLastDay > 5")), v1alpha1.ReasonDenied, decidedDenied, true},
		"its country was removed":                          {anHour, ledger.CustomerHistory{}, tighter(v1alpha1.OrderPolicySpec{Address: &v1alpha1.AddressRule{Countries: []string{"CA"}}}), v1alpha1.ReasonAwaitingAddress, decidedAddress, false},
		"the policy does not compile any more":             {anHour, ledger.CustomerHistory{}, tighter(byRule("nonsense")), v1alpha1.ReasonPolicyNotReady, "", false},
		"the policy asks nothing":                          {v1alpha1.OrderPolicySpec{}, ledger.CustomerHistory{OrdersLastHour: 9}, nothing, "", decidedAllowed, false},
	} {
		t.Run(name, func(t *testing.T) {
			books := &judging{then: c.then}
			x := New(Config{Ledger: books, Policies: policy.NewCache(), Now: func() time.Time { return noon }})
			task := sound(c.policy)
			if err := x.validate(t.Context(), task, machine.Action{}); err != nil {
				t.Fatalf("the order is not sound to begin with: %v", err)
			}
			c.change(task)
			err := x.reserve(t.Context(), task, machine.Action{Attempt: 1})
			if got := reasonOf(err); got != c.reason {
				t.Fatalf("got %v, want reason %q", err, c.reason)
			}
			held := c.reason != "" && c.reason != v1alpha1.ReasonPolicyNotReady
			if meta.IsStatusConditionFalse(task.Order.Status.Conditions, v1alpha1.ConditionValidated) != held {
				t.Errorf("Validated is not as the judge said: %+v", task.Order.Status.Conditions)
			}
			if reserved := meta.IsStatusConditionTrue(task.Order.Status.Conditions, v1alpha1.ConditionFundsReserved); reserved != (err == nil) {
				t.Errorf("funds reserved: %t, %v", reserved, err)
			}
			if diff := cmp.Diff(nonempty(c.decided), outcomes(task)); diff != "" {
				t.Errorf("the trail has: %s", diff)
			}
			if books.looked != c.looked {
				t.Errorf("the judge looks back: %t, want %t", books.looked, c.looked)
			}
		})
	}
}

// reasonOf an error of an executor.
func reasonOf(err error) string {
	var terminal *Terminal
	var wait *Wait
	switch {
	case err == nil:
		return ""
	case errors.As(err, &terminal):
		return terminal.Reason
	case errors.As(err, &wait):
		return wait.Reason
	}
	return err.Error()
}

// outcomes are those of the decisions that a task would put on record.
func outcomes(t *Task) (out []string) {
	for _, d := range t.decisions {
		out = append(out, d.Detail["outcome"])
	}
	return out
}

func nonempty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
