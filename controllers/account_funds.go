package controllers

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// fundsLevel is how what is available stands to the thresholds; its numbers are
// those of the metric.
type fundsLevel int

// The levels.
const (
	fundsEnough fundsLevel = iota
	fundsLow
	fundsCritical
)

// mostCents bounds a threshold, so that no sum of amounts can overflow.
const mostCents = int64(1) << 53

// funds are what an account has, and what is asked of it, in minor units.
type funds struct {
	// balance at the provider, and what open reservations hold of it.
	balance, reserved int64
	// waiting is the sum of the maximum prices of the orders that wait for funds.
	waiting int64
	// orders that wait for funds.
	orders int
	// low and critical are the thresholds.
	low, critical int64
}

// fundsOf reads them from the account's status; known tells whether the balance is.
func fundsOf(a *v1alpha1.ZMAAccount, w waitingOrders) (f funds, known bool) {
	f = funds{reserved: a.Status.ReservedCents, waiting: w.fundsCents, orders: w.funds, low: 100_000, critical: 50_000}
	if low := a.Spec.Balance.LowCents; low != nil {
		f.low = min(*low, mostCents)
	}
	if critical := a.Spec.Balance.CriticalCents; critical != nil {
		f.critical = min(*critical, mostCents)
	}
	if a.Status.BalanceCents == nil {
		return f, false
	}
	f.balance = *a.Status.BalanceCents
	return f, true
}

// available is what new orders can reserve: money that is promised already does
// not keep an account going.
func (f funds) available() int64 { return f.balance - f.reserved }

func (f funds) level() fundsLevel {
	switch available := f.available(); {
	case available < f.critical:
		return fundsCritical
	case available < f.low:
		return fundsLow
	}
	return fundsEnough
}

// transfer is what to pay in: after it, the open reservations can be paid, the
// orders that wait can go, and lowCents are left.
func (f funds) transfer() int64 { return max(0, f.reserved+f.waiting+f.low-f.balance) }

// summary for people; the same in the condition and the alert.
func (f funds) summary() string {
	text := fmt.Sprintf("Of %s, %s is reserved: %s is available", amount(f.balance), amount(f.reserved), amount(f.available()))
	switch f.level() {
	case fundsCritical:
		text += fmt.Sprintf(", below criticalCents (%s).", amount(f.critical))
	case fundsLow:
		text += fmt.Sprintf(", below lowCents (%s).", amount(f.low))
	case fundsEnough:
		text += "."
	}
	if f.orders > 0 {
		text += fmt.Sprintf(" Orders that wait for funds: %d, for %s.", f.orders, amount(f.waiting))
	}
	if transfer := f.transfer(); transfer > 0 {
		text += fmt.Sprintf(" Recommended transfer: %s, for reservations, waiting orders and lowCents.", amount(transfer))
	}
	return text
}

// amount of minor units for people, in the account's one currency.
func amount(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}

// fund sets what the account has and needs, and BalanceSufficient. Without a
// balance, what was said last is forgotten, but for the waiting orders.
func fund(a *v1alpha1.ZMAAccount, w waitingOrders, m *telemetry.Metrics, now time.Time) {
	f, known := fundsOf(a, w)
	a.Status.WaitingCents, a.Status.AvailableCents, a.Status.RecommendedTransferCents = f.waiting, nil, nil
	if !known {
		setAccount(a, v1alpha1.ConditionBalanceSufficient, metav1.ConditionUnknown, v1alpha1.ReasonBalanceUnreadable, "The balance can't be read; orders are not held for it.", now)
		return
	}
	available, transfer := f.available(), f.transfer()
	a.Status.AvailableCents, a.Status.RecommendedTransferCents = &available, &transfer
	status, reason := metav1.ConditionFalse, v1alpha1.ReasonBalanceCritical
	switch f.level() {
	case fundsCritical:
	case fundsLow:
		reason = v1alpha1.ReasonBalanceLow
	case fundsEnough:
		status, reason = metav1.ConditionTrue, v1alpha1.ReasonSucceeded
	}
	setAccount(a, v1alpha1.ConditionBalanceSufficient, status, reason, f.summary(), now)
	m.AccountAvailable.WithLabelValues(a.Namespace, a.Name).Set(float64(available))
	m.AccountTransfer.WithLabelValues(a.Namespace, a.Name).Set(float64(transfer))
	m.AccountFunds.WithLabelValues(a.Namespace, a.Name).Set(float64(f.level()))
}
