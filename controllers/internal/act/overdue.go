package act

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
)

// Deadline sets the condition Overdue by the order's state and gives the time until
// that may change; 0 when it will not by itself.
func (x *Executors) Deadline(t *Task) time.Duration {
	by, known := machine.Overdue(t.Order, t.Account, x.Now())
	if !known || by < 0 {
		meta.RemoveStatusCondition(&t.Order.Status.Conditions, v1alpha1.ConditionOverdue)
		return max(0, -by)
	}
	reason := condition.ReadyReason(t.Order)
	x.set(t.Order, v1alpha1.ConditionOverdue, metav1.ConditionTrue, reason,
		"The order has been "+reason+" for longer than "+machine.Deadline(reason, t.Account).String()+".")
	return 0
}
