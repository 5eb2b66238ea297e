package act

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// submit makes the paid call of a prepared attempt once the account's gate lets
// it through.
func (x *Executors) submit(ctx context.Context, t *Task, _ machine.Action) error {
	if err := x.turn(ctx, t); err != nil {
		return err
	}
	if err := x.stillPaid(ctx, t); err != nil {
		return err
	}
	return x.send(ctx, t)
}

// send persists the intent, makes the call once, and persists its outcome. Its
// order is the heart of the operator: whoever finds an intent knows that a call
// may have been made, and with which key.
func (x *Executors) send(ctx context.Context, t *Task) error {
	provider, err := x.Providers.For(ctx, t.Account)
	if err != nil {
		return accountNotReady(err)
	}
	request, err := x.request(ctx, t)
	if err != nil {
		return err
	}
	if err := x.intend(ctx, t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		// The lease may be lost: no call may start. The intent is resolved later.
		return &Transient{Err: err}
	}
	result := x.call(ctx, provider, request)
	proven := outcome{requestID: result.RequestID, apply: func(t *Task) { x.apply(t, result) }}
	proven.apply(t)
	x.tellOutcome(ctx, t.Order, result)
	return x.writeOutcome(ctx, t, proven)
}

// intend makes the intent durable. A conflict means that somebody else has
// changed the order, so nothing may be sent for what was read.
func (x *Executors) intend(ctx context.Context, t *Task) error {
	sub := t.Order.Status.Submission
	sub.State, sub.IntentAt = v1alpha1.SubmissionIntended, x.time()
	sub.Sends++
	if sub.Sends == 1 {
		first := sub.IntentAt
		sub.FirstIntentAt = &first
	}
	condition.Progress(t.Order, v1alpha1.ReasonSubmitting, "The paid call is about to be made.", x.time())
	return x.WriteStatus(ctx, t)
}

// call makes the paid call. It is not cut by a shutdown, only by its own
// timeout: an answer that is on its way is worth the wait.
func (x *Executors) call(ctx context.Context, provider zma.Client, request zma.OrderRequest) zma.SubmitResult {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.CallTimeout)
	defer cancel()
	return provider.Submit(ctx, request)
}

// apply puts what the call has proven into the status.
func (x *Executors) apply(t *Task, r zma.SubmitResult) {
	sub := t.Order.Status.Submission
	sub.State = machine.Fold(*sub, r)
	sub.ErrorCode = r.Code
	switch sub.State {
	case v1alpha1.SubmissionAccepted:
		x.accept(t, r.RequestID)
	case v1alpha1.SubmissionRejected:
		x.reject(t, r.Code)
	case v1alpha1.SubmissionNotSent:
		sub.Sends--
		sub.FirstIntentAt = nil
		x.backoff(t, r.RetryAfter)
		condition.Progress(t.Order, v1alpha1.ReasonProviderUnavailable, "The provider could not be reached or asked to wait; nothing was sent.", x.time())
	default:
		x.backoff(t, r.RetryAfter)
		condition.Progress(t.Order, v1alpha1.ReasonResolvingSubmission, "The paid call has no known outcome; it is being looked up at the provider.", x.time())
	}
}

// tellOutcome counts and logs how a paid call went.
func (x *Executors) tellOutcome(ctx context.Context, o *v1alpha1.ZMAOrder, r zma.SubmitResult) {
	sub := o.Status.Submission
	x.Metrics.Submissions.WithLabelValues(string(sub.State)).Inc()
	fields := []any{"attempt", sub.Attempt, "idempotencyKey", sub.IdempotencyKey, "state", sub.State, "requestID", r.RequestID, "code", r.Code}
	if r.Err != nil {
		fields = append(fields, "error", r.Err.Error())
	}
	log(ctx).Info("Submission ended", fields...)
}

// accept notes the provider's request ID: from here on it owns the order.
func (x *Executors) accept(t *Task, requestID string) {
	sub := t.Order.Status.Submission
	sub.State, sub.RequestID, sub.ErrorCode = v1alpha1.SubmissionAccepted, requestID, ""
	x.progressed(t)
	x.Polls.Seen(t.Order, x.Now())
	x.set(t.Order, v1alpha1.ConditionSubmitted, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "The provider has accepted the order.")
	condition.Progress(t.Order, v1alpha1.ReasonProcessing, "The provider is working on the order.", x.time())
}

// reject notes proof that the attempt bought nothing. What follows is decided by
// the class of the code.
func (x *Executors) reject(t *Task, code string) {
	sub, now := t.Order.Status.Submission, x.time()
	sub.State, sub.ErrorCode, sub.ResolvedAt = v1alpha1.SubmissionRejected, code, &now
	x.set(t.Order, v1alpha1.ConditionSubmitted, metav1.ConditionFalse, v1alpha1.ReasonRejected, "The provider refused the attempt with "+code+".")
	class := zma.Classify(code)
	r := x.recovery(t)
	switch class.Class {
	case zma.RetryLater:
		r.Rejections++
		x.schedule(t, r.Rejections, class.MinPause)
	case zma.AwaitFunds:
		r.Attempts++
		x.schedule(t, r.Attempts, 0)
	default:
		r.NextAttemptAt, r.PausedAt = nil, nil
	}
	condition.Progress(t.Order, v1alpha1.ReasonRetryScheduled, "The provider refused the attempt with "+code+".", now)
}

// backoff schedules the next try of the current step.
func (x *Executors) backoff(t *Task, floor time.Duration) {
	r := x.recovery(t)
	r.Attempts++
	x.schedule(t, r.Attempts, floor)
}

func (x *Executors) schedule(t *Task, n int64, floor time.Duration) {
	base, limit := 5*time.Second, 15*time.Minute
	if l := t.Account.Spec.Submission; l.BackoffBase != nil && l.BackoffMax != nil {
		base, limit = l.BackoffBase.Duration, l.BackoffMax.Duration
	}
	pause := machine.Backoff(n, base, limit, floor, x.Roll())
	// Rounded up: a try before its time would find the pause unfinished.
	at := metav1.NewTime(x.Now().Add(pause).UTC().Truncate(time.Second).Add(time.Second))
	paused := metav1.NewMicroTime(x.Now().UTC().Truncate(time.Microsecond))
	r := x.recovery(t)
	r.NextAttemptAt, r.PausedAt = &at, &paused
}

// progressed ends the back-off of a step that is done.
func (x *Executors) progressed(t *Task) {
	r := x.recovery(t)
	r.Attempts, r.NextAttemptAt, r.PausedAt = 0, nil, nil
	if equality.Semantic.DeepEqual(*r, v1alpha1.Recovery{}) {
		t.Order.Status.Recovery = nil
	}
}

func (x *Executors) recovery(t *Task) *v1alpha1.Recovery {
	if t.Order.Status.Recovery == nil {
		t.Order.Status.Recovery = &v1alpha1.Recovery{}
	}
	return t.Order.Status.Recovery
}

func accountNotReady(err error) error {
	return &Wait{Reason: v1alpha1.ReasonAccountNotReady, Message: "The account does not exist, or its token can't be read.", After: fundsPause, Err: err}
}
