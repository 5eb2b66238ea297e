package app

import (
	"context"
	"errors"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// schemaGuard ends the process when the database answers with a schema that this
// version can't work with.
type schemaGuard struct {
	check func(context.Context) error
	pause time.Duration
}

// Start checks until the database has answered once.
func (g *schemaGuard) Start(ctx context.Context) error {
	for {
		err := g.check(ctx)
		if err == nil || !errors.Is(err, ledger.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(g.pause):
		}
	}
}
