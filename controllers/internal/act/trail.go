package act

import (
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// maxTrail bounds the audit rows that wait for Postgres. Those of transitions and
// paid calls beyond it are made from the status again, decisions are lost.
const maxTrail = 10_000

// Trail gathers audit rows of what has been written to the API server, and writes
// them to the ledger in the background: no order waits for them, least of all one
// whose paid call is next. Rows that died with a process are made again by the next
// one, from what the status tells; the ledger leaves those alone that it has.
type Trail struct {
	client  client.Reader
	ledger  Ledger
	metrics *telemetry.Metrics
	log     logr.Logger
	wake    chan struct{}

	mu sync.Mutex
	// rows to write, in their order.
	rows []ledger.AuditEntry
	// known orders: their rows up to now are written, in rows, or to be made.
	known map[types.NamespacedName]bool
	// decided is the digest of the latest decision of each check.
	decided map[checked]string
	// remake are orders whose rows have to be made from their status.
	remake map[types.NamespacedName]bool
	// lost counts decisions that found no room.
	lost int
}

type checked struct {
	order types.NamespacedName
	check string
}

func newTrail(c client.Reader, l Ledger, m *telemetry.Metrics) *Trail {
	return &Trail{
		client: c, ledger: l, metrics: m, wake: make(chan struct{}, 1),
		known: map[types.NamespacedName]bool{}, decided: map[checked]string{}, remake: map[types.NamespacedName]bool{},
	}
}

// written takes what is news in a status that has just been written, and what was
// decided. The first time that this process sees an order, an earlier one may have
// died before it could write its rows.
func (l *Trail) written(t *Task, now time.Time) {
	before, after, key := t.Stored, t.Order, nameOf(t.Order)
	news := append(newTransitions(before, after), newCall(before, after, now)...)
	decisions := t.decisions
	t.decisions = nil

	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known[key] {
		l.known[key] = true
		if len(before.Status.History) > 0 || before.Status.Submission != nil {
			l.remake[key] = true
		}
	}
	for _, d := range decisions {
		at, digest := checked{key, d.Detail["check"]}, d.InputsDigest
		if l.decided[at] != digest {
			l.decided[at] = digest
			l.add(key, d)
		}
	}
	for _, e := range news {
		l.add(key, e)
	}
	if len(l.rows) > 0 || len(l.remake) > 0 {
		l.nudge()
	}
	l.metrics.AuditWaiting.Set(float64(len(l.rows)))
}

// last takes the rows of an order that goes without a record and can't be looked at
// later. Those that are there, or under way, are not written twice.
func (l *Trail) last(o *v1alpha1.ZMAOrder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[nameOf(o)] = true
	delete(l.remake, nameOf(o))
	l.rows = append(l.rows, remade(o)...)
	l.nudge()
}

func (l *Trail) forget(order types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, order)
	for _, check := range []string{checkOrder, checkPayment} {
		delete(l.decided, checked{order, check})
	}
}

// add must hold the lock.
func (l *Trail) add(key types.NamespacedName, e ledger.AuditEntry) {
	switch {
	case len(l.rows) < maxTrail:
		l.rows = append(l.rows, e)
	case e.Action == ledger.ActionDecide:
		l.lost++
	default:
		l.remake[key] = true
	}
}

func (l *Trail) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
