package machine

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const installation = "6f0d4a58-0b2e-4f57-9a55-0d8d6cc6a001"

// change changes an order under construction.
type change func(*v1alpha1.ZMAOrder)

// order is a fresh order with its finalizer.
func order(changes ...change) *v1alpha1.ZMAOrder {
	o := &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: v1alpha1.OrderNameFor("web", "1001"), Generation: 1,
			Finalizers: []string{v1alpha1.OrderFinalizer}, CreationTimestamp: metav1.NewTime(t0),
		},
		Spec: v1alpha1.ZMAOrderSpec{
			AccountRef: v1alpha1.LocalReference{Name: "main"},
			Source:     &v1alpha1.OrderSource{Name: "web", ExternalID: "1001"},
			Total:      v1alpha1.Money{Currency: "USD", AmountCents: 5000},
			ShippingAddress: v1alpha1.Address{
				FirstName: "Ada", LastName: "Sample", Line1: "10 Main St", City: "Portland",
				State: "OR", PostalCode: "97201", Country: "US", Phone: "5035550199",
			},
		},
	}
	for _, c := range changes {
		c(o)
	}
	return o
}

// facts are those of a healthy account.
func facts(changes ...func(*Facts)) Facts {
	f := Facts{Account: account(), CredentialsFound: true, Recalled: true}
	for _, c := range changes {
		c(&f)
	}
	return f
}

func account() *v1alpha1.ZMAAccount {
	d := func(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }
	return &v1alpha1.ZMAAccount{Spec: v1alpha1.ZMAAccountSpec{
		ProviderAccountID: "acct-1", InstallationID: installation,
		Submission: v1alpha1.SubmissionLimits{ResolveWindow: d(24 * time.Hour)},
		Polling:    v1alpha1.PollingRule{Interval: d(time.Minute), MaxInterval: d(2 * time.Hour)},
	}}
}

// attempt gives the order a submission in a state.
func attempt(n int64, state v1alpha1.SubmissionState, changes ...func(*v1alpha1.Submission)) change {
	return func(o *v1alpha1.ZMAOrder) {
		s := &v1alpha1.Submission{
			Attempt: n, State: state, ProviderAccountID: "acct-1", Sends: 1,
			IntentAt: metav1.NewTime(t0), ReservedAt: metav1.NewTime(t0), ShippingAddress: o.Spec.ShippingAddress,
		}
		if state == v1alpha1.SubmissionAccepted {
			s.RequestID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
		}
		for _, c := range changes {
			c(s)
		}
		o.Status.Submission = s
	}
}

func code(c string) func(*v1alpha1.Submission) {
	return func(s *v1alpha1.Submission) {
		at := metav1.NewTime(t0)
		s.ErrorCode, s.ResolvedAt = c, &at
	}
}

func refusedAt(c string, at time.Time) func(*v1alpha1.Submission) {
	return func(s *v1alpha1.Submission) {
		resolved := metav1.NewTime(at)
		s.ErrorCode, s.ResolvedAt = c, &resolved
	}
}

// passed sets conditions True for the order's generation.
func passed(types ...string) change {
	return func(o *v1alpha1.ZMAOrder) {
		for _, typ := range types {
			condition.Set(o, typ, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "ok", metav1.NewTime(t0))
		}
	}
}

// checked is everything that precedes a submission.
func checked() change {
	return passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified, v1alpha1.ConditionFundsReserved)
}

func retryAt(at time.Time) change {
	return func(o *v1alpha1.ZMAOrder) {
		next := metav1.NewTime(at)
		o.Status.Recovery = &v1alpha1.Recovery{Attempts: 1, NextAttemptAt: &next}
	}
}

func rejections(n int64) change {
	return func(o *v1alpha1.ZMAOrder) { o.Status.Recovery = &v1alpha1.Recovery{Rejections: n} }
}

func deleted(o *v1alpha1.ZMAOrder) {
	at := metav1.NewTime(t0)
	o.DeletionTimestamp = &at
}

func cancel(o *v1alpha1.ZMAOrder)  { o.Spec.Cancel = true }
func suspend(o *v1alpha1.ZMAOrder) { o.Spec.Suspend = true }

func stalled(reason string) change {
	return func(o *v1alpha1.ZMAOrder) { condition.Stall(o, reason, "m", metav1.NewTime(t0)) }
}

func progressing(reason string) change {
	return func(o *v1alpha1.ZMAOrder) { condition.Progress(o, reason, "m", metav1.NewTime(t0)) }
}

func placement(o *v1alpha1.ZMAOrder) {
	o.Status.Placement = &v1alpha1.Placement{MerchantOrderIDs: []string{"112-1"}}
	o.Status.Cost = &v1alpha1.Cost{Actual: &v1alpha1.ActualCost{SubtotalCents: 1, TotalCents: 1}}
}

func stalledAt(reason string, at time.Time) change {
	return func(o *v1alpha1.ZMAOrder) { condition.Stall(o, reason, "m", metav1.NewTime(at)) }
}

func delivered(o *v1alpha1.ZMAOrder) {
	condition.Ready(o, v1alpha1.ReasonDelivered, "m", metav1.NewTime(t0))
}

func answered(status metav1.ConditionStatus, reason string) change {
	return func(o *v1alpha1.ZMAOrder) {
		condition.Set(o, v1alpha1.ConditionCancelled, status, reason, "m", metav1.NewTime(t0))
	}
}

func merchantOrders(ids ...string) change {
	return func(o *v1alpha1.ZMAOrder) { o.Status.Placement.MerchantOrderIDs = ids }
}

// cancellation was asked for these merchant orders.
func cancellation(ids ...string) change {
	return func(o *v1alpha1.ZMAOrder) {
		o.Status.Cancellation = &v1alpha1.Cancellation{}
		for _, id := range ids {
			o.Status.Cancellation.MerchantOrders = append(o.Status.Cancellation.MerchantOrders,
				v1alpha1.MerchantCancellation{MerchantOrderID: id, State: v1alpha1.CancellationRequested})
		}
	}
}

func refunded(cents int64) change {
	return func(o *v1alpha1.ZMAOrder) { o.Status.Cost.RefundedCents = cents }
}

// recovering changes the order's recovery.
func recovering(change func(*v1alpha1.Recovery)) change {
	return func(o *v1alpha1.ZMAOrder) {
		if o.Status.Recovery == nil {
			o.Status.Recovery = &v1alpha1.Recovery{}
		}
		change(o.Status.Recovery)
	}
}

func handled(value string) change {
	return recovering(func(r *v1alpha1.Recovery) { r.LastHandledRequest = value })
}

func allowed(attempt int64) change {
	return recovering(func(r *v1alpha1.Recovery) { r.AllowedAttempt = attempt })
}

func abandonedByHand(o *v1alpha1.ZMAOrder) {
	recovering(func(r *v1alpha1.Recovery) { r.Abandoned = true })(o)
}

func rejectedByHandOf(o *v1alpha1.ZMAOrder) {
	recovering(func(r *v1alpha1.Recovery) { r.Rejected = true })(o)
}

func pausedAt(from, until time.Time) change {
	return recovering(func(r *v1alpha1.Recovery) {
		began, next := metav1.NewMicroTime(from), metav1.NewTime(until)
		r.Attempts, r.PausedAt, r.NextAttemptAt = 1, &began, &next
	})
}

// wish is what a person asks for.
func wish(value string) func(*Facts) {
	return func(f *Facts) { f.Asked = value }
}

// raised tells of a balance that was read higher.
func raised(at time.Time) func(*Facts) {
	return func(f *Facts) {
		t := metav1.NewTime(at)
		f.Account.Status.BalanceRaisedAt = &t
	}
}

func balanceRead(at time.Time) func(*Facts) {
	return func(f *Facts) {
		t := metav1.NewTime(at)
		f.Account.Status.BalanceAt = &t
	}
}
