package ledger

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// weighed is a limit and the sum that was compared with it, in minor units.
type weighed struct {
	name  string
	limit *int64
	used  int64
}

func (u used) weigh(l Limits) []weighed {
	return []weighed{
		{LimitDaily, l.DailyCents, u.day},
		{LimitMonthly, l.MonthlyCents, u.month},
		{LimitCustomerDaily, l.PerCustomerDailyCents, u.customerDay},
		{LimitBalance, l.AvailableCents, u.open},
	}
}

// audit is the row of a reservation that was admitted.
func (r Reservation) audit(u used) AuditEntry {
	e := r.decision(ActionReserve, u)
	e.Detail["limits"] = r.kept()
	return e
}

// refusal is the row of one that a limit has refused.
func (r Reservation) refusal(limit string, u used) AuditEntry {
	e := r.decision(ActionRefuse, u)
	e.Detail["limit"] = limit
	return e
}

// decision is what both have in common. The customer is no input: the sum that was
// compared with the customer's limit is.
func (r Reservation) decision(action string, u used) AuditEntry {
	id := r.Identity
	parts := []string{
		action, id.Namespace, id.Source, id.ExternalID, cents(r.Attempt), r.Account, r.ProviderAccountID, r.IdempotencyKey,
		r.Currency, cents(r.EstimateCents), cents(r.MaxPriceCents), r.Limits.Timezone, moment(r.Limits.AvailableAt),
	}
	detail := map[string]string{"cents": cents(r.MaxPriceCents), "estimateCents": cents(r.EstimateCents), "currency": r.Currency, "account": r.Account}
	for _, w := range u.weigh(r.Limits) {
		if w.limit == nil {
			parts = append(parts, w.name, "", "")
			continue
		}
		parts = append(parts, w.name, cents(*w.limit), cents(w.used))
		detail[w.name] = cents(w.used) + " of " + cents(*w.limit)
	}
	return AuditEntry{
		Actor: "controller", Action: action, Namespace: id.Namespace, Object: objectName(id), Attempt: r.Attempt,
		InputsDigest: InputsDigest(parts...), Detail: detail,
	}
}

// kept names the limits that a reservation was held against.
func (r Reservation) kept() string {
	var names []string
	for _, w := range (used{}).weigh(r.Limits) {
		if w.limit != nil {
			names = append(names, w.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return "kept: " + strings.Join(names, ", ")
}

// auditRefusal puts a refusal by a limit on record, once for each order, attempt and
// limit, after its transaction: that one leaves nothing behind and no lock. The next
// try makes up for a row that could not be written.
func (l *Ledger) auditRefusal(ctx context.Context, r Reservation, u used, err error) {
	var limit *ErrLimit
	if errors.As(err, &limit) {
		// Best effort: the caller has to hear of the refusal itself.
		_ = l.Audit(ctx, r.refusal(limit.Limit, u))
	}
}

func cents(n int64) string { return strconv.FormatInt(n, 10) }

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
