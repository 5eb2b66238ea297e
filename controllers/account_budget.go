package controllers

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Periods of budgets.
const (
	periodDaily   = "daily"
	periodMonthly = "monthly"
)

// defaultWarnAt is the percentage of a budget from which people are warned.
const defaultWarnAt = 80

// budgetUse is how much of one budget is used, in minor units.
type budgetUse struct {
	period      string
	used, limit int64
	warnAt      int64
}

// budgetUses lists the budgets that an account has. A single customer's is not
// among them: it shows on that customer's orders.
func budgetUses(a *v1alpha1.ZMAAccount) []budgetUse {
	b := a.Spec.Budget
	if b == nil {
		return nil
	}
	warnAt := int64(b.WarnAtPercent)
	if warnAt == 0 {
		warnAt = defaultWarnAt
	}
	var out []budgetUse
	if b.DailyCents != nil {
		out = append(out, budgetUse{periodDaily, a.Status.SpentTodayCents, *b.DailyCents, warnAt})
	}
	if b.MonthlyCents != nil {
		out = append(out, budgetUse{periodMonthly, a.Status.SpentThisMonthCents, *b.MonthlyCents, warnAt})
	}
	return out
}

// budgetLevel is how a budget stands; its numbers are those of the metric.
type budgetLevel int

// The levels.
const (
	budgetRoom budgetLevel = iota
	budgetNear
	budgetUsedUp
)

func (b budgetUse) level() budgetLevel {
	switch percent := b.percent(); {
	case percent >= 100:
		return budgetUsedUp
	case percent >= b.warnAt:
		return budgetNear
	}
	return budgetRoom
}

// percent of the limit that is used. Of no limit at all, everything is.
func (b budgetUse) percent() int64 {
	if b.limit <= 0 {
		return 100
	}
	return min(b.used, mostCents) * 100 / b.limit
}

// summary for people.
func (b budgetUse) summary() string {
	return fmt.Sprintf("%d %% of the %s budget is used: %s of %s.", b.percent(), b.period, amount(b.used), amount(b.limit))
}

func withinBudget(a *v1alpha1.ZMAAccount, now time.Time) {
	if a.Spec.Budget == nil {
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonNotRequired, "The account has no budget.", now)
		return
	}
	worst, message := budgetRoom, "The budget leaves room."
	for _, use := range budgetUses(a) {
		if level := use.level(); level > worst {
			worst, message = level, use.summary()
		}
	}
	switch worst {
	case budgetUsedUp:
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionFalse, v1alpha1.ReasonBudgetExceeded, message, now)
	case budgetNear:
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonNearBudget, message, now)
	case budgetRoom:
		setAccount(a, v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, message, now)
	}
}
