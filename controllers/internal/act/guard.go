package act

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Bounds of a guard.
const (
	// guardFailures in a row make the ledger count as away.
	guardFailures = 3
	// guardPause is the pause between two calls that try whether it is back.
	guardPause = time.Second
)

// GuardedLedger fails at once while Postgres is away: a worker that waits for a
// connection that does not come could follow other orders meanwhile. One call a
// second tries.
type GuardedLedger struct {
	// Inner is the ledger.
	Inner Ledger
	// Now is the clock.
	Now func() time.Time
	// Back is called when the ledger answers again. It must not block.
	Back func()

	mu       sync.Mutex
	failures int
	tryAt    time.Time
}

// Away tells whether the ledger counts as away.
func (g *GuardedLedger) Away() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failures >= guardFailures
}

func (g *GuardedLedger) allow() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failures < guardFailures {
		return nil
	}
	if now := g.Now(); !now.Before(g.tryAt) {
		g.tryAt = now.Add(guardPause)
		return nil
	}
	return fmt.Errorf("%w: it was away a moment ago", ledger.ErrUnavailable)
}

func (g *GuardedLedger) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if errors.Is(err, ledger.ErrUnavailable) {
		g.failures++
		g.tryAt = g.Now().Add(guardPause)
		return
	}
	away := g.failures >= guardFailures
	g.failures = 0
	if away {
		g.Back()
	}
}

func guarded[T any](g *GuardedLedger, call func() (T, error)) (T, error) {
	if err := g.allow(); err != nil {
		var none T
		return none, err
	}
	out, err := call()
	g.note(err)
	return out, err
}

func (g *GuardedLedger) only(call func() error) error {
	_, err := guarded(g, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// History implements Ledger.
func (g *GuardedLedger) History(ctx context.Context, id v1alpha1.Identity) (*ledger.History, error) {
	return guarded(g, func() (*ledger.History, error) { return g.Inner.History(ctx, id) })
}

// Reserve implements Ledger.
func (g *GuardedLedger) Reserve(ctx context.Context, r ledger.Reservation) (ledger.ReserveResult, error) {
	return guarded(g, func() (ledger.ReserveResult, error) { return g.Inner.Reserve(ctx, r) })
}

// Settle implements Ledger.
func (g *GuardedLedger) Settle(ctx context.Context, s ledger.Settlement) error {
	return g.only(func() error { return g.Inner.Settle(ctx, s) })
}

// Release implements Ledger.
func (g *GuardedLedger) Release(ctx context.Context, r ledger.Release) error {
	return g.only(func() error { return g.Inner.Release(ctx, r) })
}

// Refund implements Ledger.
func (g *GuardedLedger) Refund(ctx context.Context, r ledger.Refund) (int64, error) {
	return guarded(g, func() (int64, error) { return g.Inner.Refund(ctx, r) })
}

// Mirror implements Ledger.
func (g *GuardedLedger) Mirror(ctx context.Context, s []ledger.Snapshot) error {
	return g.only(func() error { return g.Inner.Mirror(ctx, s) })
}

// ClaimPayment implements Ledger.
func (g *GuardedLedger) ClaimPayment(ctx context.Context, id v1alpha1.Identity, provider v1alpha1.PaymentProvider, reference string) (bool, error) {
	return guarded(g, func() (bool, error) { return g.Inner.ClaimPayment(ctx, id, provider, reference) })
}

// Customer implements Ledger.
func (g *GuardedLedger) Customer(ctx context.Context, o *v1alpha1.ZMAOrder, window time.Duration) (ledger.CustomerHistory, error) {
	return guarded(g, func() (ledger.CustomerHistory, error) { return g.Inner.Customer(ctx, o, window) })
}

// MailStates implements Ledger.
func (g *GuardedLedger) MailStates(ctx context.Context, id v1alpha1.Identity) (map[string]string, error) {
	return guarded(g, func() (map[string]string, error) { return g.Inner.MailStates(ctx, id) })
}

// LogRecovery implements Ledger.
func (g *GuardedLedger) LogRecovery(ctx context.Context, e ledger.RecoveryEntry) error {
	return g.only(func() error { return g.Inner.LogRecovery(ctx, e) })
}

// RecordRequest implements Ledger.
func (g *GuardedLedger) RecordRequest(ctx context.Context, e ledger.RecoveryEntry, request string, audit ledger.AuditEntry) error {
	return g.only(func() error { return g.Inner.RecordRequest(ctx, e, request, audit) })
}

// RaiseAlert implements Ledger.
func (g *GuardedLedger) RaiseAlert(ctx context.Context, a ledger.Alert) (bool, error) {
	return guarded(g, func() (bool, error) { return g.Inner.RaiseAlert(ctx, a) })
}

// ResolveAlert implements Ledger.
func (g *GuardedLedger) ResolveAlert(ctx context.Context, key string) (bool, error) {
	return guarded(g, func() (bool, error) { return g.Inner.ResolveAlert(ctx, key) })
}

// Audit implements Ledger.
func (g *GuardedLedger) Audit(ctx context.Context, entries ...ledger.AuditEntry) error {
	return g.only(func() error { return g.Inner.Audit(ctx, entries...) })
}
