package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// checkSchema checks the schema and says what helps: a schema of another version wants
// to be migrated, a refused login wants rights.
func checkSchema(ctx context.Context, l *ledger.Ledger) error {
	err := l.CheckSchema(ctx)
	var refused *ledger.SQLError
	switch {
	case errors.Is(err, ledger.ErrSchemaVersion):
		return fmt.Errorf("%w; run zma-operator migrate", err)
	case errors.As(err, &refused) && refused.State == insufficientPrivilege:
		return fmt.Errorf("%w: the login of DATABASE_URL lacks rights; see docs/database-roles.md", err)
	}
	return err
}

// insufficientPrivilege is Postgres' SQLSTATE for it.
const insufficientPrivilege = "42501"

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
