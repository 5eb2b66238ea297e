package act

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// recalled remembers up to which attempt the ledger was asked about an object. An
// answer is worth nothing any more once the status knows of another attempt, or,
// when it was lost, of none.
type recalled struct {
	mu    sync.Mutex
	asked map[types.NamespacedName]askedUpTo
}

type askedUpTo struct {
	uid     types.UID
	attempt int64
}

func (r *recalled) set(o *v1alpha1.ZMAOrder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked == nil {
		r.asked = map[types.NamespacedName]askedUpTo{}
	}
	r.asked[nameOf(o)] = askedUpTo{o.UID, attemptOf(o)}
}

func (r *recalled) has(o *v1alpha1.ZMAOrder) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked, ok := r.asked[nameOf(o)]
	return ok && asked == askedUpTo{o.UID, attemptOf(o)}
}

func (r *recalled) forget(order types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asked, order)
}

// Recalled tells whether the ledger was asked about an order, and knew of no later
// attempt than the status does.
func (x *Executors) Recalled(o *v1alpha1.ZMAOrder) bool { return x.recalled.has(o) }

// recall asks the ledger what it knows of the order's identity. A recorded end is
// written back; a later attempt that is still reserved may have been sent, so it is
// taken up and resolved.
func (x *Executors) recall(ctx context.Context, t *Task, _ machine.Action) error {
	h, err := x.Ledger.History(ctx, v1alpha1.IdentityOf(t.Order))
	switch {
	case err != nil:
		return fromLedger(err)
	case h == nil:
	case h.Outcome == ledger.OutcomeBought || (h.Outcome != "" && t.Order.Status.Submission == nil):
		return x.restore(ctx, t, *h)
	case h.Latest.State == ledger.AttemptReserved && h.Latest.Number > attemptOf(t.Order):
		if t.Account == nil {
			return accountNotReady(nil)
		}
		return x.reserve(ctx, t, machine.Action{Attempt: h.Latest.Number})
	}
	x.recalled.set(t.Order)
	return nil
}
