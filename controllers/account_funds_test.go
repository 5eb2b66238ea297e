package controllers

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// TestTheRecommendedTransferCoversWhatIsAskedOfTheBalance also checks by itself that
// after the transfer everything is covered, and that a cent less would not do.
func TestTheRecommendedTransferCoversWhatIsAskedOfTheBalance(t *testing.T) {
	for name, c := range map[string]struct {
		f        funds
		level    fundsLevel
		transfer int64
	}{
		"plenty":                              {funds{balance: 5000, low: 1000, critical: 500}, fundsEnough, 0},
		"exactly lowCents":                    {funds{balance: 1000, low: 1000, critical: 500}, fundsEnough, 0},
		"a cent below":                        {funds{balance: 999, low: 1000, critical: 500}, fundsLow, 1},
		"exactly criticalCents":               {funds{balance: 500, low: 1000, critical: 500}, fundsLow, 500},
		"a cent below that":                   {funds{balance: 499, low: 1000, critical: 500}, fundsCritical, 501},
		"reservations count against it":       {funds{balance: 5000, reserved: 4200, low: 1000, critical: 500}, fundsLow, 200},
		"more reserved than there is":         {funds{balance: 300, reserved: 800, low: 1000, critical: 500}, fundsCritical, 1500},
		"waiting orders, with enough for low": {funds{balance: 2000, waiting: 2500, orders: 1, low: 1000, critical: 500}, fundsEnough, 1500},
		"waiting orders and an empty account": {funds{waiting: 2500, orders: 2, low: 1000, critical: 500}, fundsCritical, 3500},
		"a debt":                              {funds{balance: -700, low: 1000, critical: 500}, fundsCritical, 1700},
		"no thresholds":                       {funds{}, fundsEnough, 0},
		"no thresholds and a debt":            {funds{balance: -1}, fundsCritical, 1},
		"thresholds as high as can be":        {funds{reserved: 1, low: mostCents, critical: mostCents}, fundsCritical, mostCents + 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.f.level(); got != c.level {
				t.Errorf("level %d, want %d", got, c.level)
			}
			transfer := c.f.transfer()
			if transfer != c.transfer {
				t.Errorf("transfer %d, want %d", transfer, c.transfer)
			}
			left := c.f.balance + transfer - c.f.reserved - c.f.waiting - c.f.low
			if left < 0 || (transfer > 0 && left != 0) {
				t.Errorf("after a transfer of %d, %d cents are left over", transfer, left)
			}
			if says := strings.Contains(c.f.summary(), "Recommended transfer: "+amount(transfer)); says != (transfer > 0) {
				t.Errorf("the summary does not say it: %s", c.f.summary())
			}
		})
	}
}

func accountWith(balance *int64, reserved int64) *v1alpha1.ZMAAccount {
	low, critical := int64(1000), int64(500)
	return &v1alpha1.ZMAAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"},
		Spec:       v1alpha1.ZMAAccountSpec{Balance: v1alpha1.BalanceRule{LowCents: &low, CriticalCents: &critical}},
		Status:     v1alpha1.ZMAAccountStatus{BalanceCents: balance, ReservedCents: reserved},
	}
}

// TestTheStatusSaysWhatIsAvailableAndWhatToPayIn looks at status, condition and
// metrics, which must not differ.
func TestTheStatusSaysWhatIsAvailableAndWhatToPayIn(t *testing.T) {
	for name, c := range map[string]struct {
		balance   int64
		reserved  int64
		waiting   waitingOrders
		status    metav1.ConditionStatus
		reason    string
		available int64
		transfer  int64
	}{
		"enough":                         {5000, 100, waitingOrders{}, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, 4900, 0},
		"low for what is reserved":       {5000, 4400, waitingOrders{}, metav1.ConditionFalse, v1alpha1.ReasonBalanceLow, 600, 400},
		"critical, and two orders wait":  {400, 0, waitingOrders{funds: 2, fundsCents: 900}, metav1.ConditionFalse, v1alpha1.ReasonBalanceCritical, 400, 1500},
		"one dear order waits, no alarm": {1500, 0, waitingOrders{funds: 1, fundsCents: 2000}, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, 1500, 1500},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := telemetry.NewMetrics(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			a := accountWith(&c.balance, c.reserved)
			fund(a, c.waiting, m, sweepNow)
			got := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionBalanceSufficient)
			if got == nil || got.Status != c.status || got.Reason != c.reason || strings.Contains(got.Message, "Recommended transfer: "+amount(c.transfer)) != (c.transfer > 0) {
				t.Errorf("condition: %+v", got)
			}
			if *a.Status.AvailableCents != c.available || *a.Status.RecommendedTransferCents != c.transfer || a.Status.WaitingCents != c.waiting.fundsCents {
				t.Errorf("status: %d available, %d to pay in, %d waiting", *a.Status.AvailableCents, *a.Status.RecommendedTransferCents, a.Status.WaitingCents)
			}
			if v := testutil.ToFloat64(m.AccountTransfer.WithLabelValues("shop", "main")); v != float64(c.transfer) {
				t.Errorf("the metric says %v", v)
			}
			if v := testutil.ToFloat64(m.AccountAvailable.WithLabelValues("shop", "main")); v != float64(c.available) {
				t.Errorf("the metric says %v is available", v)
			}
		})
	}
}

// TestAnUnknownBalanceRecommendsNothing: a figure that was right once would be paid
// twice.
func TestAnUnknownBalanceRecommendsNothing(t *testing.T) {
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	cents := int64(1)
	a := accountWith(&cents, 0)
	fund(a, waitingOrders{}, m, sweepNow)
	unknownBalance(a)
	fund(a, waitingOrders{funds: 1, fundsCents: 700}, m, sweepNow)
	c := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionBalanceSufficient)
	if c.Status != metav1.ConditionUnknown || a.Status.RecommendedTransferCents != nil || a.Status.AvailableCents != nil || a.Status.WaitingCents != 700 {
		t.Errorf("status: %+v, %+v", c, a.Status)
	}
}

// TestOnlyOrdersThatWaitForFundsAreCountedForTheTransfer: those of both kinds, but
// none that waits for something else.
func TestOnlyOrdersThatWaitForFundsAreCountedForTheTransfer(t *testing.T) {
	price := int64(300)
	orders := make([]v1alpha1.ZMAOrder, 0, 4)
	for _, reason := range []string{v1alpha1.ReasonAwaitingFunds, v1alpha1.ReasonBudgetExceeded, v1alpha1.ReasonPlaced, v1alpha1.ReasonAwaitingFunds} {
		var o v1alpha1.ZMAOrder
		o.Spec.MaxPriceCents = &price
		condition.Progress(&o, reason, "", metav1.NewTime(sweepNow))
		orders = append(orders, o)
	}
	if w := countWaiting(orders, v1alpha1.MaxPriceRule{}); w != (waitingOrders{all: 3, funds: 2, fundsCents: 600}) {
		t.Errorf("waiting: %+v", w)
	}
}

func TestTheLevelOfABudget(t *testing.T) {
	for name, c := range map[string]struct {
		use  budgetUse
		want budgetLevel
	}{
		"nothing used":               {budgetUse{used: 0, limit: 1000, warnAt: 80}, budgetRoom},
		"just below the mark":        {budgetUse{used: 799, limit: 1000, warnAt: 80}, budgetRoom},
		"at the mark":                {budgetUse{used: 800, limit: 1000, warnAt: 80}, budgetNear},
		"a cent is left":             {budgetUse{used: 999, limit: 1000, warnAt: 80}, budgetNear},
		"used up":                    {budgetUse{used: 1000, limit: 1000, warnAt: 80}, budgetUsedUp},
		"overdrawn by a dear order":  {budgetUse{used: 1700, limit: 1000, warnAt: 80}, budgetUsedUp},
		"warned at the end only":     {budgetUse{used: 999, limit: 1000, warnAt: 100}, budgetRoom},
		"a limit of nothing":         {budgetUse{used: 0, limit: 0, warnAt: 80}, budgetUsedUp},
		"a limit as high as can be":  {budgetUse{used: 800, limit: 1<<63 - 1, warnAt: 80}, budgetRoom},
		"a use that would overflow":  {budgetUse{used: 1 << 62, limit: 1000, warnAt: 80}, budgetUsedUp},
		"more came back than it had": {budgetUse{used: -5, limit: 1000, warnAt: 80}, budgetRoom},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.use.level(); got != c.want {
				t.Errorf("level %d, want %d", got, c.want)
			}
		})
	}
}
