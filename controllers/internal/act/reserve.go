package act

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// fundsPause is the pause before limits are checked again, should the event that
// frees them be lost.
const fundsPause = time.Minute

// reserve holds the maximum price of an attempt in the ledger, which also knows
// what became of this order's identity before: an object that was deleted and
// made again, or restored without its status, goes on where it stood.
func (x *Executors) reserve(ctx context.Context, t *Task, a machine.Action) error {
	// From here on the ledger may know more than the status.
	x.recalled.forget(nameOf(t.Order))
	r, err := x.reservation(t, a.Attempt)
	if err != nil {
		return err
	}
	if !KnownZone(t.Account.Spec.Budget) {
		return &Wait{Reason: v1alpha1.ReasonAccountNotReady, Message: "The account's budget.timezone names no known time zone.", After: fundsPause}
	}
	m, err := x.money(ctx, t, r.MaxPriceCents)
	if err != nil {
		return err
	}
	r.Limits, r.Judge = limits(t.Account, m), x.judge(t)
	result, err := x.Ledger.Reserve(ctx, r)
	var closed *ledger.ErrClosed
	var other *ledger.ErrAttempt
	switch {
	case err == nil:
		return x.reserved(ctx, t, r, result)
	case errors.As(err, &closed):
		return x.restore(ctx, t, closed.History)
	case errors.As(err, &other):
		return x.resume(ctx, t, a, r, other.History)
	case judgedBy(err):
		return x.invalid(t, err)
	}
	return x.unreserved(t, m, err)
}

// judge checks the order once more as validate did, while its reservation holds
// everything still: what has come or changed since then counts, be it another order of
// the customer or the policy. An attempt that was reserved before is not judged: it
// may have been bought.
func (x *Executors) judge(t *Task) *ledger.Judge {
	j := &ledger.Judge{Decide: func(ctx context.Context, h ledger.CustomerHistory) error {
		t.decisions = slices.DeleteFunc(t.decisions, ofOrder)
		return x.examine(ctx, t, func(context.Context, *Task) (policy.CustomerHistory, error) { return policy.CustomerHistory(h), nil })
	}}
	if t.Policy == nil {
		return j
	}
	j.Window = duplicatesWindow(t.Policy)
	// One that does not compile holds the order whatever its customer has.
	if compiled, err := x.Policies.Get(t.Policy); err == nil {
		j.LooksBack = compiled.NeedsHistory()
	}
	return j
}

// judgedBy tells whether an error of a reservation is the judge's, not the ledger's.
func judgedBy(err error) bool {
	var terminal *Terminal
	var wait *Wait
	var transient *Transient
	return errors.As(err, &terminal) || errors.As(err, &wait) || errors.As(err, &transient)
}

// ofOrder finds what was decided about the order itself, earlier in this turn.
func ofOrder(e ledger.AuditEntry) bool { return e.Detail["check"] == checkOrder }

func (x *Executors) reservation(t *Task, attempt int64) (ledger.Reservation, error) {
	spec, account := t.Order.Spec, t.Account.Spec
	id := v1alpha1.IdentityOf(t.Order)
	key, err := machine.IdempotencyKey(account.InstallationID, account.ProviderAccountID, id, attempt)
	if err != nil {
		return ledger.Reservation{}, &Wait{Reason: v1alpha1.ReasonAccountNotReady, Message: "The account's installationID is not a UUID.", After: fundsPause, Err: err}
	}
	return ledger.Reservation{
		Order: t.Order, Identity: id, Name: t.Order.Name, UID: string(t.Order.UID), Attempt: attempt,
		Account: t.Account.Name, ProviderAccountID: account.ProviderAccountID, IdempotencyKey: key,
		CustomerID: spec.Customer.ID, Currency: spec.Total.Currency,
		EstimateCents: Estimate(t.Order), MaxPriceCents: MaxPrice(t.Order, account.MaxPrice),
	}, nil
}

func limits(account *v1alpha1.ZMAAccount, m money) ledger.Limits {
	l := ledger.Limits{Timezone: "UTC"}
	if m.balance.known {
		available := m.balance.cents - m.olderCents
		l.AvailableCents, l.AvailableAt = &available, m.balance.at
	}
	if b := account.Spec.Budget; b != nil {
		l.DailyCents, l.MonthlyCents, l.PerCustomerDailyCents, l.Timezone = b.DailyCents, b.MonthlyCents, b.PerCustomerDailyCents, b.Timezone
	}
	return l
}

// KnownZone tells whether the days and months of a budget have a beginning. The zones
// are part of this program.
func KnownZone(b *v1alpha1.Budget) bool {
	if b == nil {
		return true
	}
	_, err := time.LoadLocation(b.Timezone)
	return err == nil && b.Timezone != time.Local.String()
}

// reserved prepares the attempt. One that was reserved before may have been sent
// by a process that died before it could say so, so it is not sent but resolved.
func (x *Executors) reserved(ctx context.Context, t *Task, r ledger.Reservation, result ledger.ReserveResult) error {
	if result.Already {
		// A repeat sends what was sent, whatever the account's rule says now.
		r.MaxPriceCents = result.History.Latest.MaxPriceCents
	}
	sub, err := x.prepare(ctx, t, r, result.ReservedAt)
	if err != nil {
		return err
	}
	x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionTrue, v1alpha1.ReasonSucceeded,
		fmt.Sprintf("%s is reserved for attempt %d.", display(r.Currency, r.MaxPriceCents), r.Attempt))
	if t.Order.Status.Cost == nil {
		t.Order.Status.Cost = &v1alpha1.Cost{}
	}
	t.Order.Status.Cost.EstimateCents, t.Order.Status.Cost.MaxPriceCents = r.EstimateCents, r.MaxPriceCents
	t.Order.Status.Cost.Display = "≤ " + display(r.Currency, r.MaxPriceCents)

	if result.Already {
		sub.State, sub.Sends = v1alpha1.SubmissionUnknown, 1
	}
	t.Order.Status.Submission = sub
	if rec := t.Order.Status.Recovery; rec != nil {
		rec.NextAttemptAt, rec.PausedAt = nil, nil
	}
	return nil
}

func (x *Executors) unreserved(t *Task, m money, err error) error {
	var limit *ledger.ErrLimit
	if !errors.As(err, &limit) {
		return fromLedger(err)
	}
	if limit.Limit == ledger.LimitBalance {
		return x.unfunded(t, m, limit)
	}
	return x.short(t, v1alpha1.ReasonBudgetExceeded, fmt.Sprintf("The %s limit is %s, of which %s is in use; the order needs %s.", limit.Limit,
		inCurrency(t, limit.LimitCents), inCurrency(t, limit.UsedCents), inCurrency(t, limit.WantedCents)), fundsPause)
}

// unfunded leaves an order until there is money. One that could go, were it not for
// older ones, looks again as soon as those have taken theirs.
func (x *Executors) unfunded(t *Task, m money, limit *ledger.ErrLimit) error {
	if was := t.Account.Status.BalanceCents; m.balance.live && (was == nil || *was != m.balance.cents) {
		// The account says so too, and how much to pay in.
		x.BalanceMoved(accountName(t.Account))
	}
	message := fmt.Sprintf("The balance is %s, of which %s is reserved; the order needs %s.",
		inCurrency(t, m.balance.cents), inCurrency(t, limit.UsedCents), inCurrency(t, limit.WantedCents))
	if m.olderCents > 0 && limit.WantedCents <= m.balance.cents-limit.UsedCents {
		return x.short(t, v1alpha1.ReasonAwaitingFunds, message+" Older orders that wait for funds go first.", olderPause)
	}
	return x.short(t, v1alpha1.ReasonAwaitingFunds, message, fundsPause)
}

func (x *Executors) short(t *Task, reason, message string, pause time.Duration) error {
	x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, reason, message)
	return &Wait{Reason: reason, Message: message, After: pause}
}

func inCurrency(t *Task, cents int64) string { return display(t.Order.Spec.Total.Currency, cents) }
