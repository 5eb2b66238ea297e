package act

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
)

// verifiedFor is how long a verified payment counts when money is about to be spent.
// An order may have waited for budget, funds or its turn since, and its customer may
// have got the money back.
const verifiedFor = time.Minute

// verified remembers when payments were last verified. It is memory only: after a
// restart each counts as old and is verified again.
type verified struct {
	mu sync.Mutex
	at map[types.NamespacedName]verifiedAt
}

type verifiedAt struct {
	uid types.UID
	at  time.Time
}

func (v *verified) set(o *v1alpha1.ZMAOrder, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.at == nil {
		v.at = map[types.NamespacedName]verifiedAt{}
	}
	v.at[nameOf(o)] = verifiedAt{o.UID, at}
}

// lately tells whether an order's payment was verified so short a time ago that it
// counts.
func (v *verified) lately(o *v1alpha1.ZMAOrder, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	last, ok := v.at[nameOf(o)]
	return ok && last.uid == o.UID && now.Sub(last.at) <= verifiedFor
}

func (v *verified) forget(order types.NamespacedName) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.at, order)
}

// stillPaid verifies the payment again when that was long ago. It comes after the
// gate, so that an order which waits for its turn does not ask all the time. What is
// reserved for the attempt stays reserved, as for every order that was reserved and
// whose payment is found wanting.
func (x *Executors) stillPaid(ctx context.Context, t *Task) error {
	if x.verified.lately(t.Order, x.Now()) {
		return nil
	}
	return x.verifyPayment(ctx, t, machine.Action{})
}
