package act

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// recalled remembers up to which attempt the ledger was asked about an object. An
// answer is worth nothing any more once the status knows of another attempt, or,
// when it was lost, of none.
type recalled struct {
	mu    sync.Mutex
	asked map[types.NamespacedName]askedUpTo
}

// askedUpTo is an answer. It is of this process when the attempt was reserved by it,
// or was looked for at the provider: a status that calls it unsent is then no older
// one.
type askedUpTo struct {
	uid     types.UID
	attempt int64
	unsent  bool
}

func (r *recalled) set(o *v1alpha1.ZMAOrder, unsent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked == nil {
		r.asked = map[types.NamespacedName]askedUpTo{}
	}
	r.asked[nameOf(o)] = askedUpTo{o.UID, attemptOf(o), unsent}
}

func (r *recalled) has(o *v1alpha1.ZMAOrder, unsent bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked, ok := r.asked[nameOf(o)]
	return ok && asked.uid == o.UID && asked.attempt == attemptOf(o) && (asked.unsent || !unsent)
}

func (r *recalled) forget(order types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asked, order)
}

// Recalled tells whether the ledger was asked about an order, and knew of no later
// attempt than the status does; of an order that ends because nothing was sent for
// it, also whether that is certain.
func (x *Executors) Recalled(o *v1alpha1.ZMAOrder) bool {
	return x.recalled.has(o, machine.EndsUnsent(o))
}

// reserveAsked reserves an attempt, which asks the ledger all that recall would.
func (x *Executors) reserveAsked(ctx context.Context, t *Task, a machine.Action) error {
	err := x.reserve(ctx, t, a)
	if err == nil {
		x.recalled.set(t.Order, true)
	}
	return err
}

// recall asks the ledger what it knows of the order's identity, and brings a status
// that knows less up to that.
func (x *Executors) recall(ctx context.Context, t *Task, _ machine.Action) error {
	h, err := x.Ledger.History(ctx, v1alpha1.IdentityOf(t.Order))
	if err != nil && attemptOf(t.Order) > 0 {
		return quietly(fromLedger(err)) // what the status says of the attempt goes on to be true
	}
	if err != nil {
		return fromLedger(err)
	}
	if h != nil {
		if done, err := x.catchUp(ctx, t, *h); done || err != nil {
			return err
		}
	}
	ends := machine.EndsUnsent(t.Order)
	if ends {
		if err := x.provenUnsent(ctx, t); err != nil {
			return err
		}
	}
	x.recalled.set(t.Order, ends)
	return nil
}

// catchUp takes over what the ledger knows beyond the status; done is false when
// that is nothing. A recorded end is written back. A later attempt that is still
// reserved may have been sent, so it is resolved. One that was refused is taken up as
// that: what a person was to decide, nobody else decides.
func (x *Executors) catchUp(ctx context.Context, t *Task, h ledger.History) (done bool, err error) {
	sub, latest := t.Order.Status.Submission, h.Latest
	// A status that calls money reserved has missed the end that gave it back.
	refusedSince := sub == nil || sub.State != v1alpha1.SubmissionRejected ||
		h.Outcome != "" && condition.IsTrue(t.Order, v1alpha1.ConditionFundsReserved)
	switch {
	case h.Outcome == ledger.OutcomeBought, h.Outcome != "" && refusedSince:
		return true, x.restore(ctx, t, h)
	case latest.State == ledger.AttemptReserved && latest.Number > attemptOf(t.Order):
		if t.Account == nil {
			return true, accountNotReady(nil)
		}
		return true, x.reserveAsked(ctx, t, machine.Action{Attempt: latest.Number})
	case latest.State != ledger.AttemptReleased || latest.Number < attemptOf(t.Order) || (latest.Number == attemptOf(t.Order) && !refusedSince):
		return false, nil
	case wasRefused(latest):
		return true, x.takeUpFailure(ctx, t, latest)
	case sub != nil && !sub.State.Unresolved() && !machine.EndsUnsent(t.Order):
		// It was given back without having been sent; the next one is free.
		t.Order.Status.Submission = nil
		x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, v1alpha1.ReasonReleased, "The reservation was given back.")
	}
	return false, nil
}

// wasRefused tells whether a released attempt was sent and failed, or was ended by a
// person. The others were given back unsent, with the word for that or none.
func wasRefused(a ledger.Attempt) bool {
	switch a.ErrorCode {
	case "", machine.CodeSuperseded, "not_sent", "rate_limited":
		return false
	}
	return true
}

// takeUpFailure gives the order the failed attempt that the ledger has on record, so
// that it goes on, or waits for a person, as after that failure. How often it was
// refused in a row before is not on record; each attempt counts, which asks a person
// rather too early than never.
func (x *Executors) takeUpFailure(ctx context.Context, t *Task, latest ledger.Attempt) error {
	log(ctx).Info("The ledger knows of an attempt that has failed since; taking that up", "attempt", latest.Number, "code", latest.ErrorCode)
	t.Order.Status.Submission = x.failedAttempt(t, latest)
	x.set(t.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionFalse, v1alpha1.ReasonReleased, "The reservation was given back.")
	if r := x.recovery(t); zma.Classify(latest.ErrorCode).Class == zma.RetryLater {
		r.Rejections = max(r.Rejections, latest.Number-1)
	}
	x.recalled.set(t.Order, true)
	if t.Account == nil { // which says how long the pause is; without it nothing is sent
		condition.Progress(t.Order, v1alpha1.ReasonRetryScheduled, "The attempt on record has failed.", x.time())
		return nil
	}
	x.reject(t, latest.ErrorCode)
	return nil
}

// failedAttempt is the submission of an attempt that the ledger has as failed; nil
// when it has none. That the address was corrected since is not on record: a person
// says so by retry.
func (x *Executors) failedAttempt(t *Task, a ledger.Attempt) *v1alpha1.Submission {
	if a.Number == 0 {
		return nil
	}
	at, now := metav1.NewTime(a.ReservedAt), x.time()
	return &v1alpha1.Submission{
		Attempt: a.Number, IdempotencyKey: a.IdempotencyKey, State: v1alpha1.SubmissionRejected,
		ErrorCode:         firstOf(a.ErrorCode, "not_sent"), // one without a code was given back unsent
		ProviderAccountID: a.ProviderAccountID, IntentAt: at, ReservedAt: at, ResolvedAt: &now, Sends: 1,
		MaxPriceCents: a.MaxPriceCents, ShippingAddress: normalised(t),
	}
}

// provenUnsent looks for an attempt at the provider that the status calls unsent,
// before the order ends for that: a status from a backup may be older than the call.
// Where the account can't be asked about it any more, the status stands.
func (x *Executors) provenUnsent(ctx context.Context, t *Task) error {
	if _, err := x.provider(ctx, t); err != nil {
		log(ctx).Info("The provider can't be asked about an order that ends unsent", "error", err.Error())
		return nil
	}
	found, err := x.lookUp(ctx, t)
	if err != nil {
		return &Wait{
			Reason: v1alpha1.ReasonProviderUnavailable, After: fundsPause, Err: err,
			Message: "The order ends once the provider has answered that it does not list it.",
		}
	}
	if found != nil {
		log(ctx).Info("The provider has an order that the status calls unsent", "requestID", found.RequestID)
		t.Order.Status.Submission.Sends = max(1, t.Order.Status.Submission.Sends)
		x.accept(t, found.RequestID)
	}
	return nil
}
