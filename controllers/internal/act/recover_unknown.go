package act

import (
	"context"
	"errors"
	"fmt"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

const notAsked = "The provider could not be asked. Nothing was changed; ask again when it answers."

// resolveNow looks an unknown outcome up at once.
func (x *Executors) resolveNow(ctx context.Context, t *Task, _ machine.Request) (string, bool, error) {
	if doubted(t) {
		return x.resolveDoubt(ctx, t)
	}
	if id := t.Order.Status.Submission.RequestID; id != "" {
		return x.now(ctx, t, machine.Request{})
	}
	found, err := x.lookUp(ctx, t)
	if err != nil {
		return notAsked, false, ignoreCall(err)
	}
	if found == nil {
		x.unpause(t)
		return "The provider's list does not have the order, which proves nothing; looking goes on.", true, nil
	}
	x.accept(t, found.RequestID)
	return "The provider has the order as request " + found.RequestID + "; it is followed from here on.", true, nil
}

// doubted tells whether another request than the one that is followed may be this
// order's.
func doubted(t *Task) bool {
	sub := t.Order.Status.Submission
	return machine.Forgotten(sub) || machine.Duplicated(sub)
}

// resolveDoubt looks an order up whose own request does not say whether it was bought.
func (x *Executors) resolveDoubt(ctx context.Context, t *Task) (string, bool, error) {
	cleared, err := x.doubt(ctx, t)
	switch {
	case err != nil:
		return notAsked, false, ignoreCall(err)
	case cleared != "":
		return cleared + "; it is followed from here on.", true, nil
	}
	x.unpause(t)
	return "The provider's list has no other order with this attempt's key or notes, which proves nothing; looking goes on.", true, nil
}

// notBought ends an attempt of unknown outcome, after the provider was asked once
// more: a person may be wrong, and what it has in its list was bought.
func (x *Executors) notBought(ctx context.Context, t *Task, _ machine.Request) (string, bool, error) {
	sub := t.Order.Status.Submission
	if doubted(t) {
		cleared, err := x.doubt(ctx, t)
		switch {
		case err != nil:
			return notAsked, false, ignoreCall(err)
		case cleared != "":
			return cleared + "; it is followed from here on.", false, nil
		}
		return x.endAsNotBought(t)
	}
	found, err := x.lookUp(ctx, t)
	switch {
	case err != nil:
		return notAsked, false, ignoreCall(err)
	case found != nil && sub.RequestID == "":
		x.accept(t, found.RequestID)
		return "The provider has the order as request " + found.RequestID + "; it is followed from here on.", false, nil
	case found != nil && found.Class != zma.UnknownOutcome:
		return "The provider says more of the order than that it does not know; it is read again.", false, nil
	}
	return x.endAsNotBought(t)
}

func (x *Executors) endAsNotBought(t *Task) (string, bool, error) {
	x.unpause(t)
	x.reject(t, machine.CodeNotBought)
	return fmt.Sprintf("Attempt %d is ended as not bought.", attemptOf(t.Order)), true, nil
}

// adopt takes over an order at the provider, after the provider has shown that it
// is this one.
func (x *Executors) adopt(ctx context.Context, t *Task, r machine.Request) (string, bool, error) {
	provider, err := x.provider(ctx, t)
	if err != nil {
		return notAsked, false, ignoreCall(err)
	}
	callCtx, cancel := context.WithTimeout(ctx, x.CallTimeout)
	defer cancel()
	seen, err := provider.Get(callCtx, r.Argument)
	switch {
	case notFound(err):
		return "The provider does not know that request.", false, nil
	case err != nil:
		return notAsked, false, ignoreCall(err)
	case !x.ours(t, seen):
		return "That request carries neither this attempt's key nor this order's identity and attempt.", false, nil
	}
	x.accept(t, r.Argument)
	x.take(ctx, t, seen)
	return "Request " + r.Argument + " is this order's; it is followed from here on.", true, nil
}

// ours tells whether an order at the provider is this attempt's. What an attempt is a
// duplicate of may be an earlier attempt's, and is none that has failed.
func (x *Executors) ours(t *Task, seen zma.Observation) bool {
	sub := t.Order.Status.Submission
	if machine.Duplicated(sub) {
		mine := seen.Key == sub.IdempotencyKey || seen.Identity == v1alpha1.IdentityOf(t.Order).String()
		return mine && seen.Phase != zma.Failed
	}
	if seen.Key != "" {
		return seen.Key == sub.IdempotencyKey
	}
	return seen.Identity == v1alpha1.IdentityOf(t.Order).String() && seen.Attempt == sub.Attempt
}

// lookUp asks the provider for the order, by request ID where there is one.
func (x *Executors) lookUp(ctx context.Context, t *Task) (*zma.Observation, error) {
	provider, err := x.provider(ctx, t)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	sub := t.Order.Status.Submission
	if sub.RequestID != "" {
		seen, err := provider.Get(ctx, sub.RequestID)
		return &seen, err
	}
	return provider.Find(ctx, sub.IdempotencyKey, v1alpha1.IdentityOf(t.Order).String(), sub.Attempt, sub.ReservedAt.Add(-clockSkew))
}

// errNoProvider means that the account can't be asked about this order.
var errNoProvider = errors.New("the account can't be asked about this order")

// provider gives the client of the account that the attempt was made with. Another
// account would answer truthfully that it knows nothing.
func (x *Executors) provider(ctx context.Context, t *Task) (zma.Client, error) {
	if t.Account == nil || t.Account.Spec.ProviderAccountID != t.Order.Status.Submission.ProviderAccountID {
		return nil, errNoProvider
	}
	return x.Providers.For(ctx, t.Account)
}

// ignoreCall drops an error that the person is told of by the result. A shutdown
// is no answer to anybody.
func ignoreCall(err error) error {
	if errors.Is(err, context.Canceled) {
		return &Transient{Err: err}
	}
	return nil
}
