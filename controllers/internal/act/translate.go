package act

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
)

// Translate turns an executor's error into conditions, an event, and what the
// queue has to do: look again after a time, or again with its own back-off when
// an error is returned. The one place that does.
func (x *Executors) Translate(ctx context.Context, t *Task, err error) (after time.Duration, retry error) {
	var terminal *Terminal
	var wait *Wait
	var unknown *OutcomeUnknown
	switch {
	case err == nil:
		return 0, nil
	case IsChanged(err):
		return conflictPause, nil
	case errors.As(err, &terminal):
		x.warn(t, terminal.Reason, terminal.Message)
		condition.Stall(t.Order, terminal.Reason, terminal.Message, x.time())
		return 0, nil
	case errors.As(err, &wait):
		if wait.Err != nil {
			log(ctx).Info("Waiting", "reason", wait.Reason, "cause", wait.Err.Error())
		}
		if wait.Reason != "" {
			condition.Progress(t.Order, wait.Reason, wait.Message, x.time())
		}
		return wait.After, nil
	case errors.As(err, &unknown):
		x.warn(t, v1alpha1.ReasonResolvingSubmission, "A paid call was made and its outcome could not be stored; it is resolved next.")
		return 0, err
	}
	return 0, err
}

// conflictPause lets the change that caused a conflict reach the cache.
const conflictPause = 100 * time.Millisecond

// warn sends an event when the reason is news. Events are for what needs
// attention: on the undisturbed path they would double the writes.
func (x *Executors) warn(t *Task, reason, message string) {
	if condition.ReadyReason(t.Order) == reason {
		return
	}
	x.Events.Eventf(t.Order, nil, corev1.EventTypeWarning, reason, "Reconcile", "%s", condition.Truncate(message))
}
