package act

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/address"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
)

// validate checks the order itself: products, price, address and policy. What
// can be corrected waits for the correction, the rest is refused for good. What
// passes here is checked again when it is reserved.
func (x *Executors) validate(ctx context.Context, t *Task, _ machine.Action) error {
	if err := x.examine(ctx, t, x.history); err != nil {
		return x.invalid(t, err)
	}
	x.set(t.Order, v1alpha1.ConditionValidated, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The order is sound.")
	return nil
}

// historian tells of the customer's other orders.
type historian func(context.Context, *Task) (policy.CustomerHistory, error)

// examine makes all checks in their order, and notes what was decided.
func (x *Executors) examine(ctx context.Context, t *Task, history historian) error {
	for _, check := range []func(*Task) error{x.checkProducts, x.checkCurrency, x.checkPrice, x.checkAddress} {
		if err := check(t); err != nil {
			return err
		}
	}
	if err := x.checkPolicy(ctx, t, history); err != nil {
		return err
	}
	x.judged(t, decidedAllowed, nil)
	return nil
}

func (x *Executors) invalid(t *Task, err error) error {
	var terminal *Terminal
	if errors.As(err, &terminal) {
		x.set(t.Order, v1alpha1.ConditionValidated, metav1.ConditionFalse, terminal.Reason, terminal.Message)
	}
	return err
}

func (x *Executors) checkProducts(t *Task) error {
	findings := policy.BuiltIn(t.Order)
	if len(findings) == 0 {
		return nil
	}
	x.judged(t, decidedInvalid, findings)
	return &Terminal{Reason: v1alpha1.ReasonInvalid, Message: messages(findings)}
}

// checkCurrency keeps amounts of one currency from being spent, and counted against
// budgets, as if they were of another.
func (x *Executors) checkCurrency(t *Task) error {
	has, wants := t.Order.Spec.Total.Currency, currencyOf(t.Account)
	if has == wants {
		return nil
	}
	x.judged(t, decidedInvalid, []policy.Finding{{Rule: "currency", Action: v1alpha1.PolicyDeny}})
	return &Terminal{Reason: v1alpha1.ReasonInvalid, Message: "The order's total is in " + has + ", but the provider charges its account in " + wants + "."}
}

// currencyOf an account. An API server whose CRDs are older than this program knows
// no default yet.
func currencyOf(a *v1alpha1.ZMAAccount) string { return cmp.Or(a.Spec.Currency, "USD") }

func (x *Executors) checkPrice(t *Task) error {
	limit := MaxPrice(t.Order, t.Account.Spec.MaxPrice)
	if limit < 1 || limit > maxPriceBound {
		x.judged(t, decidedInvalid, []policy.Finding{{Rule: "maxPrice", Action: v1alpha1.PolicyDeny}})
		return &Terminal{Reason: v1alpha1.ReasonInvalid, Message: "The maximum price is out of bounds: " + display(t.Order.Spec.Total.Currency, limit) + "."}
	}
	return nil
}

func (x *Executors) checkAddress(t *Task) error {
	findings := address.Check(normalised(t), addressRules(t.Policy))
	if len(findings) == 0 {
		return nil
	}
	parts := make([]string, 0, len(findings))
	found := make([]policy.Finding, 0, len(findings))
	for _, f := range findings {
		parts = append(parts, f.Field+": "+f.Message)
		found = append(found, policy.Finding{Rule: f.Field, Action: v1alpha1.PolicyAction(f.Code)})
	}
	x.judged(t, decidedAddress, found)
	return &Terminal{Reason: v1alpha1.ReasonAwaitingAddress, Message: "Correct spec.shippingAddress. " + strings.Join(parts, "; ")}
}

func (x *Executors) checkPolicy(ctx context.Context, t *Task, history historian) error {
	if t.Policy == nil {
		return nil
	}
	compiled, err := x.Policies.Get(t.Policy)
	if err != nil {
		return &Wait{Reason: v1alpha1.ReasonPolicyNotReady, Message: "The OrderPolicy does not compile.", Err: err}
	}
	in := policy.Input{Order: t.Order, Address: normalised(t), Account: t.Account, MaxPriceCents: MaxPrice(t.Order, t.Account.Spec.MaxPrice)}
	if compiled.NeedsHistory() {
		if in.History, err = history(ctx, t); err != nil {
			return fromLedger(err)
		}
		in.HistoryKnown = true
	}
	decision, err := compiled.Evaluate(ctx, in)
	if err != nil {
		return &Transient{Err: err}
	}
	outcome := decisionOutcome(decision, approved(t.Order))
	x.judged(t, outcome, decision.Findings)
	switch outcome {
	case decidedDenied:
		return &Terminal{Reason: v1alpha1.ReasonDenied, Message: messages(decision.Findings)}
	case decidedReview:
		return &Terminal{Reason: v1alpha1.ReasonAwaitingApproval, Message: messages(decision.Findings) + ". Approve or reject it by zma.dev/recover."}
	}
	return nil
}

// history asks the ledger for the customer's other orders. While it is away the
// order waits: nothing could be reserved for it anyway.
func (x *Executors) history(ctx context.Context, t *Task) (policy.CustomerHistory, error) {
	h, err := x.Ledger.Customer(ctx, t.Order, duplicatesWindow(t.Policy))
	return policy.CustomerHistory(h), err
}

// duplicatesWindow of a policy; 0 when it looks for none.
func duplicatesWindow(p *v1alpha1.OrderPolicy) time.Duration {
	if d := p.Spec.Duplicates; d != nil {
		return d.Window.Duration
	}
	return 0
}

func messages(findings []policy.Finding) string {
	parts := make([]string, 0, len(findings))
	for _, f := range findings {
		parts = append(parts, f.Rule+": "+f.Message)
	}
	return strings.Join(parts, "; ")
}

// normalised is the address in its country's usual form, unless the policy wants
// it as written.
func normalised(t *Task) v1alpha1.Address {
	a := t.Order.Spec.ShippingAddress
	if t.Policy != nil && t.Policy.Spec.Address != nil && !isTrue(t.Policy.Spec.Address.Normalise) {
		return a
	}
	return address.Normalise(a)
}

func addressRules(p *v1alpha1.OrderPolicy) address.Rules {
	if p == nil || p.Spec.Address == nil {
		return address.Rules{AllowPOBoxes: true, RequirePhone: true}
	}
	a := p.Spec.Address
	return address.Rules{Countries: a.Countries, AllowPOBoxes: isTrue(a.AllowPOBoxes), RequirePhone: isTrue(a.RequirePhone)}
}

// isTrue reads an optional flag whose default is true.
func isTrue(b *bool) bool { return b == nil || *b }
