package ledger

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// The settings that bound what one statement may cost.
const (
	boundStatement         = "statement_timeout"
	boundLock              = "lock_timeout"
	boundIdleInTransaction = "idle_in_transaction_session_timeout"
)

// cancelPatience is how long a statement that the server was asked to end may take
// to do so before its connection is given up.
const cancelPatience = time.Second

// statePoolerRefusal is the SQLSTATE of all of PgBouncer's own errors.
const statePoolerRefusal = "08P01"

// adapt prepares one connection of the pool. A statement whose time is over is
// ended at the server, which would go on with it otherwise: behind a pooler that
// drops settings nothing else would end one outside of a transaction.
func adapt(c *pgx.ConnConfig, pooler bool) {
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelPatience}
	}
	// A pooler may pass on what another client listens for; nobody reads it here.
	c.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {}
	if !pooler {
		return
	}
	for _, name := range []string{boundStatement, boundLock, boundIdleInTransaction} {
		delete(c.RuntimeParams, name)
	}
}

// beginQuery begins a transaction with its bounds, in one round trip. Settings of
// the session would not do: a pooler in transaction mode refuses them, drops them,
// or hands them on to the next client.
func beginQuery(params map[string]string) string {
	var b strings.Builder
	b.WriteString("BEGIN")
	for _, name := range []string{boundStatement, boundLock, boundIdleInTransaction} {
		if value, set := params[name]; set {
			b.WriteString("; SET LOCAL " + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'")
		}
	}
	return b.String()
}

// parametersRefused tells whether a pooler let nobody in because of the settings
// that came with the connection.
func parametersRefused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == statePoolerRefusal && strings.HasPrefix(pg.Message, "unsupported startup parameter")
}

// cancelled gives a statement that the server ended because the caller gave up the
// name that it has when the caller gives up before.
func cancelled(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	if errors.Is(ctx.Err(), context.Canceled) && errors.As(err, &pg) && pg.Code == stateQueryCanceled {
		return context.Canceled
	}
	return err
}
