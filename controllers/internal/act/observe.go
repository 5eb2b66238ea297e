package act

import (
	"context"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// observe reads the order from the provider and takes over what is news. A read
// that fails says nothing about the order: the next poll comes anyway.
func (x *Executors) observe(ctx context.Context, t *Task, _ machine.Action) error {
	provider, err := x.Providers.For(ctx, t.Account)
	if err != nil {
		return accountNotReady(err)
	}
	callCtx, cancel := context.WithTimeout(ctx, x.CallTimeout)
	defer cancel()
	x.Polls.Begin(t.Order)
	// Not by key and attempt: the request may have been adopted from an earlier one.
	callCtx = zma.Expect(callCtx, "", v1alpha1.IdentityOf(t.Order).String(), 0)
	seen, err := provider.Get(callCtx, t.Order.Status.Submission.RequestID)
	x.Polls.Seen(t.Order, x.Now())
	if err != nil {
		log(ctx).Info("The order could not be read from the provider", "requestID", t.Order.Status.Submission.RequestID, "error", err.Error())
		if notFound(err) {
			x.missed(ctx, t, provider)
		}
		return nil
	}
	x.take(ctx, t, seen)
	if machine.Duplicated(t.Order.Status.Submission) {
		x.seekOriginal(ctx, t, provider)
	}
	return x.refunds(ctx, t, provider)
}

// take puts an observation into the status. Each phase only moves the order
// forward: what was placed stays placed.
func (x *Executors) take(ctx context.Context, t *Task, seen zma.Observation) {
	switch seen.Phase {
	case zma.Placed:
		x.place(t, seen)
		x.notified(ctx, t)
	case zma.CancelledByRetailer:
		if !condition.IsTrue(t.Order, v1alpha1.ConditionCostRecorded) {
			// It was placed and paid for before; the books come first, and the next read
			// says that it was cancelled.
			x.place(t, seen)
			return
		}
		x.cancelledAfterPlacement(t, seen)
	case zma.Failed:
		if t.Order.Status.Placement == nil {
			x.fail(t, seen)
		}
	case zma.InReview:
		x.working(t, v1alpha1.ReasonProviderReview, "The provider reviews the order.")
	case zma.Processing:
		x.working(t, v1alpha1.ReasonProcessing, "The provider is working on the order.")
	}
}

// working says that the provider is at it. A placed order never goes back to
// that, and one that is being cancelled goes on saying so.
func (x *Executors) working(t *Task, reason, message string) {
	if t.Order.Status.Placement != nil {
		return
	}
	t.Order.Status.Submission.State, t.Order.Status.Submission.ErrorCode = v1alpha1.SubmissionAccepted, ""
	if t.Order.Spec.Cancel {
		return
	}
	condition.Progress(t.Order, reason, message, x.time())
}

// fail notes a failure that the provider reports of our own request ID: proof,
// unless the provider itself does not know, or says that it has the order already:
// that one may be bought.
func (x *Executors) fail(t *Task, seen zma.Observation) {
	if seen.Class == zma.UnknownOutcome || seen.Class == zma.Duplicate {
		t.Order.Status.Submission.State = v1alpha1.SubmissionUnknown
		t.Order.Status.Submission.ErrorCode = seen.Code
		return
	}
	x.reject(t, seen.Code)
}
