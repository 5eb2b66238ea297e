package act

import (
	"context"
	"errors"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// elsewhere looks through the provider's list for this order under another request
// than the one that is followed; listed tells whether it has that one too. That it
// has neither proves nothing.
func (x *Executors) elsewhere(ctx context.Context, t *Task, provider zma.Client) (found *zma.Observation, listed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	err = provider.List(ctx, madeBy(t.Order).Add(-clockSkew), func(o zma.Observation) bool {
		switch {
		case o.RequestID == "":
		case o.RequestID == t.Order.Status.Submission.RequestID:
			listed = true
		case x.ours(t, o):
			found = &o
		}
		return found == nil
	})
	return found, listed, err
}

// madeBy is a time before which nothing was sent for an order: an earlier attempt's
// counts for a duplicate.
func madeBy(o *v1alpha1.ZMAOrder) time.Time {
	made, reserved := o.CreationTimestamp.Time, o.Status.Submission.ReservedAt.Time
	if made.IsZero() || reserved.Before(made) {
		return reserved
	}
	return made
}

// missed deals with a request that the provider gave and does not know. It says that
// of one that is still queued as well, so the order's window has to be over, and its
// list must not show the request either. The order may have been bought.
func (x *Executors) missed(ctx context.Context, t *Task, provider zma.Client) {
	sub := t.Order.Status.Submission
	if t.Order.Status.Placement != nil || x.Now().Sub(sub.IntentAt.Time) <= machine.ResolveWindow(t.Account) {
		return
	}
	found, listed, err := x.elsewhere(ctx, t, provider)
	switch {
	case err != nil:
		log(ctx).Info("Look-up at the provider failed", "error", err.Error())
	case found != nil:
		x.follow(ctx, t, found)
	case !listed && sub.State == v1alpha1.SubmissionAccepted:
		sub.State, sub.ErrorCode = v1alpha1.SubmissionUnknown, machine.CodeForgotten
	}
}

// seekOriginal looks for the order that the provider takes this one for a duplicate
// of: it is this order all the same, sent before.
func (x *Executors) seekOriginal(ctx context.Context, t *Task, provider zma.Client) {
	found, _, err := x.elsewhere(ctx, t, provider)
	if err != nil {
		log(ctx).Info("Look-up at the provider failed", "error", err.Error())
		return
	}
	if found != nil {
		x.follow(ctx, t, found)
	}
}

// follow goes on with the request under which the provider has the order. It is read
// next.
func (x *Executors) follow(ctx context.Context, t *Task, found *zma.Observation) {
	log(ctx).Info("The provider has the order under another request", "requestID", found.RequestID, "insteadOf", t.Order.Status.Submission.RequestID)
	x.accept(t, found.RequestID)
	x.Polls.Hint(nameOf(t.Order))
}

// doubt asks the provider once more about an order whose own request leaves open
// whether it was bought. cleared tells what the provider does know; empty when the
// doubt stays.
func (x *Executors) doubt(ctx context.Context, t *Task) (cleared string, err error) {
	provider, err := x.provider(ctx, t)
	if err != nil {
		return "", err
	}
	own := t.Order.Status.Submission.RequestID
	callCtx, cancel := context.WithTimeout(ctx, x.CallTimeout)
	defer cancel()
	seen, err := provider.Get(callCtx, own)
	switch {
	case err != nil && !notFound(err):
		return "", err
	case err == nil && seen.Class != zma.Duplicate:
		x.take(ctx, t, seen)
		return "The provider knows request " + own + " again", nil
	}
	found, listed, err := x.elsewhere(ctx, t, provider)
	switch {
	case err != nil:
		return "", err
	case found != nil:
		x.follow(ctx, t, found)
		return "The provider has the order as request " + found.RequestID, nil
	case listed && machine.Forgotten(t.Order.Status.Submission):
		return "The provider lists the order under its own request", nil
	}
	return "", nil
}

// notFound tells whether the provider does not know a request.
func notFound(err error) bool {
	var call *zma.CallError
	return errors.As(err, &call) && call.Kind == zma.KindNotFound
}
