package pace

import (
	"context"
	"errors"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// ErrCircuitOpen is the cause of a call that was not made because the provider
// keeps failing.
var ErrCircuitOpen = errors.New("the account's circuit is open")

// Source gives the client of an account's provider.
type Source interface {
	For(ctx context.Context, account *v1alpha1.ZMAAccount) (zma.Client, error)
}

// Providers gives clients that report to the account's gate how calls went, and
// that make no call but the probe while the circuit is open: a worker must not
// hang on a provider that is known to be away.
type Providers struct {
	// Inner makes the clients.
	Inner Source
	// Gates of the accounts.
	Gates *Registry
	// Now is the clock.
	Now func() time.Time
}

// For gives the client of an account.
func (p *Providers) For(ctx context.Context, account *v1alpha1.ZMAAccount) (zma.Client, error) {
	inner, err := p.Inner.For(ctx, account)
	if err != nil {
		return nil, err
	}
	gate, err := p.Gates.For(ctx, account)
	if err != nil {
		return nil, err
	}
	return &client{Client: inner, gate: gate, now: p.Now}, nil
}

// client passes on the calls that it does not name, which orders do not make.
type client struct {
	zma.Client
	gate *Gate
	now  func() time.Time
}

// Submit makes the paid call. It is not held back here: an intent was written for
// it, and whether it may go was decided before.
func (c *client) Submit(ctx context.Context, r zma.OrderRequest) zma.SubmitResult {
	result := c.Client.Submit(ctx, r)
	c.gate.Submitted(result.Answered(), result.RetryAfter, c.now())
	return result
}

// Get reads an order.
func (c *client) Get(ctx context.Context, requestID string) (zma.Observation, error) {
	return read(c, func() (zma.Observation, error) { return c.Client.Get(ctx, requestID) })
}

// Find looks for an order.
func (c *client) Find(ctx context.Context, key, identity string, attempt int64, since time.Time) (*zma.Observation, error) {
	return read(c, func() (*zma.Observation, error) { return c.Client.Find(ctx, key, identity, attempt, since) })
}

// Abort asks to stop an order.
func (c *client) Abort(ctx context.Context, requestID string) (zma.Observation, error) {
	return read(c, func() (zma.Observation, error) { return c.Client.Abort(ctx, requestID) })
}

// Cancel asks to cancel what is placed.
func (c *client) Cancel(ctx context.Context, requestID, merchantOrderID string) (string, error) {
	return read(c, func() (string, error) { return c.Client.Cancel(ctx, requestID, merchantOrderID) })
}

// Cancellation reads a cancellation.
func (c *client) Cancellation(ctx context.Context, id string) (zma.Cancellation, error) {
	return read(c, func() (zma.Cancellation, error) { return c.Client.Cancellation(ctx, id) })
}

// Case reads the case of an order.
func (c *client) Case(ctx context.Context, requestID string) (zma.Case, error) {
	return read(c, func() (zma.Case, error) { return c.Client.Case(ctx, requestID) })
}

// Refunds reads what came back.
func (c *client) Refunds(ctx context.Context, requestID string, since time.Time) ([]zma.Refund, error) {
	return read(c, func() ([]zma.Refund, error) { return c.Client.Refunds(ctx, requestID, since) })
}

// Balance is the probe.
func (c *client) Balance(ctx context.Context) (zma.Balance, error) {
	balance, err := c.Client.Balance(ctx)
	if unanswered(err) {
		c.gate.Unanswered(c.now())
	} else {
		c.gate.Probed(c.now())
	}
	return balance, err
}

func read[T any](c *client, call func() (T, error)) (T, error) {
	if state, _ := c.gate.Circuit(); state == Open {
		var none T
		return none, &zma.CallError{Call: "none", Kind: zma.KindNotSent, Err: ErrCircuitOpen}
	}
	out, err := call()
	if unanswered(err) {
		c.gate.Unanswered(c.now())
	}
	return out, err
}

// unanswered tells whether the provider did not answer, or answered that it is
// not able to.
func unanswered(err error) bool {
	var call *zma.CallError
	return errors.As(err, &call) && (call.Kind == zma.KindUnavailable || call.Kind == zma.KindNotSent)
}
