package act

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// recorded remembers which handled requests this process knows to be on record.
type recorded struct {
	mu sync.Mutex
	at map[types.NamespacedName]time.Time
}

func (r *recorded) has(order types.NamespacedName, at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at[order].Equal(at)
}

func (r *recorded) set(order types.NamespacedName, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == nil {
		r.at = map[types.NamespacedName]time.Time{}
	}
	r.at[order] = at
}

func (r *recorded) forget(order types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, order)
}

// Record puts the latest request by hand on record in the ledger. The order's status
// says all of it, so a process that died before this, or a ledger that was away, only
// delays the record: the next process, or the next reconciliation, makes it.
func (x *Executors) Record(ctx context.Context, t *Task) {
	if err := x.recordRequest(ctx, t.Stored); err != nil {
		log(ctx).Info("A request by hand is not on record yet", "error", err.Error())
	}
}

func (x *Executors) recordRequest(ctx context.Context, o *v1alpha1.ZMAOrder) error {
	r := o.Status.Recovery
	if r == nil || r.LastHandledAt == nil || x.recorded.has(nameOf(o), r.LastHandledAt.Time) {
		return nil
	}
	verb, label := verbOf(r.LastHandledRequest), "handled"
	if strings.HasPrefix(r.LastResult, refused) {
		label = "refused"
	}
	err := x.Ledger.RecordRequest(ctx, ledger.RecoveryEntry{
		Identity: v1alpha1.IdentityOf(o), Attempt: attemptOf(o), Verb: verb, Reason: "asked for by hand",
		Result: r.LastResult, Actor: r.LastHandledBy, StartedAt: r.LastHandledAt.Time,
	}, r.LastHandledRequest, ledger.AuditEntry{
		At: r.LastHandledAt.Time, Actor: r.LastHandledBy, Action: ledger.ActionRecover, Namespace: o.Namespace, Object: o.Name,
		Attempt: attemptOf(o), InputsDigest: ledger.InputsDigest(append(ids(ledger.ActionRecover, o), instant(r.LastHandledAt.Time),
			r.LastHandledRequest, r.LastResult, strconv.FormatInt(attemptOf(o), 10))...), Detail: map[string]string{"verb": verb, "outcome": label, "result": r.LastResult},
	})
	if err == nil {
		x.recorded.set(nameOf(o), r.LastHandledAt.Time)
	}
	return err
}

// verbOf is the verb of a request, in a form that a metric may carry.
func verbOf(value string) string {
	r, err := machine.ParseRequest(value)
	if err != nil {
		return "unknown"
	}
	return string(r.Verb)
}
