package act

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
)

// refused begins the result of a request that was not met.
const refused = "Refused: "

// Reasons of the events about recovery by hand.
const (
	eventRecovered = "RecoveryHandled"
	eventRefused   = "RecoveryRefused"
)

// recover does what a person has asked for. The value counts as handled with the
// same write that makes its effect durable, so it acts once: not at all when that
// write fails, and never twice.
func (x *Executors) recover(ctx context.Context, t *Task, _ machine.Action) error {
	// The status has room for one request: the one before has to be on record first.
	// Giving an order up waits for nothing.
	if err := x.recordRequest(ctx, t.Stored); err != nil && verbOf(t.Asked) != string(machine.Abandon) {
		return quietly(fromLedger(err))
	}
	result, done, err := x.handle(ctx, t)
	if err != nil {
		return err
	}
	x.remember(t, machine.Handled(t.Asked), result)
	if err := x.WriteStatus(ctx, t); err != nil {
		return err
	}
	x.tellRecovery(ctx, t, result, done)
	return nil
}

// maxHandled is how many handled values an order keeps: a value that comes back
// from Git behind another one still acts once.
const maxHandled = 20

func (x *Executors) remember(t *Task, value, result string) {
	r := x.recovery(t)
	now := metav1.NewMicroTime(x.Now().UTC().Truncate(time.Microsecond))
	r.LastHandledRequest, r.LastResult, r.LastHandledAt, r.LastHandledBy = value, cutTo(result, 512), &now, cutTo(t.AskedBy, 256)
	kept := r.HandledRequests[max(0, len(r.HandledRequests)-maxHandled+1):]
	r.HandledRequests = append(slices.Clone(kept), value)
}

// cutTo shortens a text to what a field takes, in characters.
func cutTo(s string, limit int) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), limit)])
}

// handle parses, checks and does; done is false when the request was refused.
func (x *Executors) handle(ctx context.Context, t *Task) (result string, done bool, err error) {
	if refusal, err := x.untrusted(ctx, t); refusal != "" || err != nil {
		return refused + refusal, false, err
	}
	request, refusal := x.understand(t)
	if refusal != "" {
		return refused + refusal, false, nil
	}
	do := map[machine.Verb]func(context.Context, *Task, machine.Request) (string, bool, error){
		machine.Now:        x.now,
		machine.ResolveNow: x.resolveNow,
		machine.NotBought:  x.notBought,
		machine.Adopt:      x.adopt,
		machine.Retry:      x.retry,
		machine.Approve:    x.approve,
		machine.Reject:     x.rejectByHand,
		machine.Abandon:    x.abandon,
	}[request.Verb]
	result, done, err = do(ctx, t, request)
	if !done && err == nil {
		result = refused + result
	}
	return result, done, err
}

// understand reads a request, and says why it can't be met.
func (x *Executors) understand(t *Task) (r machine.Request, refusal string) {
	r, err := machine.ParseRequest(t.Asked)
	if err != nil {
		return r, err.Error() + "."
	}
	return r, machine.Refusal(t.Order, r, x.CallTimeout, x.Now())
}

// tellRecovery tells of a handled request. It speaks of what has been written.
func (x *Executors) tellRecovery(ctx context.Context, t *Task, result string, done bool) {
	label, event, kind := "refused", eventRefused, corev1.EventTypeWarning
	if done {
		label, event, kind = "handled", eventRecovered, corev1.EventTypeNormal
	}
	verb := verbOf(t.Asked)
	x.Metrics.RecoveryRequests.WithLabelValues(verb, label).Inc()
	x.Events.Eventf(t.Order, nil, kind, event, "Recover", "%s: %s", verb, result)
	log(ctx).Info("Recovery by hand", "verb", verb, "outcome", label)
	x.Record(ctx, t)
}

// now ends the pause, and has the order read from the provider.
func (x *Executors) now(_ context.Context, t *Task, _ machine.Request) (string, bool, error) {
	x.unpause(t)
	x.Polls.Hint(client.ObjectKeyFromObject(t.Order))
	return "Taken up at once.", true, nil
}

func (x *Executors) unpause(t *Task) {
	r := x.recovery(t)
	r.Attempts, r.NextAttemptAt, r.PausedAt = 0, nil, nil
}

// retry allows one more attempt after the failed one.
func (x *Executors) retry(_ context.Context, t *Task, _ machine.Request) (string, bool, error) {
	x.unpause(t)
	r, failed := x.recovery(t), t.Order.Status.Submission.Attempt
	r.Rejections, r.AllowedAttempt = 0, failed+1
	return fmt.Sprintf("Attempt %d has failed; attempt %d may be made.", failed, failed+1), true, nil
}

// approve lets the order pass its policy's review, for the address that it has.
func (x *Executors) approve(_ context.Context, t *Task, _ machine.Request) (string, bool, error) {
	x.recovery(t).ApprovedAddress = approvalOf(t.Order)
	return "Approved; the order goes on.", true, nil
}

// rejectByHand ends the order; the money is given back by what follows.
func (x *Executors) rejectByHand(_ context.Context, t *Task, _ machine.Request) (string, bool, error) {
	x.recovery(t).Rejected = true
	return "Rejected; the order ends without a purchase.", true, nil
}

// abandon gives the order up. What may have been bought stays reserved: nobody
// proved that it was not.
func (x *Executors) abandon(_ context.Context, t *Task, _ machine.Request) (string, bool, error) {
	x.recovery(t).Abandoned = true
	if t.Order.Status.Submission == nil || t.Order.Status.Submission.State == v1alpha1.SubmissionRejected {
		return "Abandoned; nothing was bought for it.", true, nil
	}
	return "Abandoned; it may have been bought, and what is reserved for it stays reserved.", true, nil
}
