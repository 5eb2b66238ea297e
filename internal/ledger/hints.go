package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/internal/callback"
)

const sqlListenHints = `LISTEN ` + hintChannel

// ListenHints calls f for each hint that a delivery carried, on a connection of
// its own, until the context ends (nil) or the connection is lost
// (ErrUnavailable); the caller starts it again. Hints sent meanwhile are lost,
// which costs nothing but time. f must not block for long. The URL must lead to
// Postgres itself: a pooler in transaction mode does not carry notifications.
func (l *Ledger) ListenHints(ctx context.Context, f func(callback.Hint)) error {
	err := l.listen(ctx, f)
	if ctx.Err() == nil {
		return translate("listen_hints", err)
	}
	return nil
}

func (l *Ledger) listen(ctx context.Context, f func(callback.Hint)) error {
	conn, err := pgx.ConnectConfig(ctx, l.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	// The connection is given up either way; its goodbye is a courtesy.
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, sqlListenHints); err != nil {
		return err
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if hint, ok := callback.ParseHint(n.Payload); ok {
			f(hint)
		}
	}
}
