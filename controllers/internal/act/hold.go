package act

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
)

// wait says what the order waits for. Without a reason the conditions stay as
// they are: a poll that is not due changes nothing.
func (x *Executors) wait(_ context.Context, t *Task, a machine.Action) error {
	if a.Reason != "" {
		condition.Progress(t.Order, a.Reason, a.Message, x.time())
	}
	return nil
}

// stall says who has to act.
func (x *Executors) stall(_ context.Context, t *Task, a machine.Action) error {
	condition.Stall(t.Order, a.Reason, a.Message, x.time())
	return nil
}

// done leaves the order as it is. A change of the spec after the end was seen, though
// it changes nothing: who waits for it to be observed must not wait for ever.
func (x *Executors) done(_ context.Context, t *Task, _ machine.Action) error {
	if t.Order.DeletionTimestamp.IsZero() && condition.ReadyReason(t.Order) != "" {
		t.Order.Status.ObservedGeneration = t.Order.Generation
	}
	return nil
}

// hold sets the conditions for a reason of either list.
func (x *Executors) hold(o *v1alpha1.ZMAOrder, reason, message string) {
	if slices.Contains(v1alpha1.StalledReasons(), reason) {
		condition.Stall(o, reason, message, x.time())
		return
	}
	condition.Progress(o, reason, message, x.time())
}

func (x *Executors) set(o *v1alpha1.ZMAOrder, typ string, status metav1.ConditionStatus, reason, message string) {
	condition.Set(o, typ, status, reason, message, x.time())
}

// time is now in the resolution that the API server keeps.
func (x *Executors) time() metav1.Time {
	return metav1.NewTime(x.Now().UTC().Truncate(time.Second))
}
