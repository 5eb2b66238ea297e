package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	sqlSchemaVersion = `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`

	sqlSchemaSupport = `SELECT oldest_version FROM schema_support`
)

// CheckSchema compares the database's schema with the one this program was built
// for. An older schema never fits. A newer one fits when it still supports this
// program's version, so that old replicas keep working while new ones are rolled
// out. Returns ErrSchemaVersion with both versions, or ErrUnavailable.
func (l *Ledger) CheckSchema(ctx context.Context) error {
	want, err := embeddedVersion()
	if err != nil {
		return err
	}
	return l.do(ctx, "check_schema", func(ctx context.Context) error {
		have, err := l.schemaVersion(ctx)
		if err != nil || have == want {
			return err
		}
		if have < want {
			return fmt.Errorf("%w: the database has version %d, this program needs %d", ErrSchemaVersion, have, want)
		}
		return l.checkNewer(ctx, have, want)
	})
}

func (l *Ledger) schemaVersion(ctx context.Context) (int64, error) {
	var version int64
	err := l.pool.QueryRow(ctx, sqlSchemaVersion).Scan(&version)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == stateUndefinedTable {
		return 0, nil
	}
	return version, err
}

func (l *Ledger) checkNewer(ctx context.Context, have, want int64) error {
	var oldest int64
	if err := l.pool.QueryRow(ctx, sqlSchemaSupport).Scan(&oldest); err != nil {
		return err
	}
	if want < oldest {
		return fmt.Errorf("%w: the database has version %d and supports programs from %d on, this one is of %d",
			ErrSchemaVersion, have, oldest, want)
	}
	return nil
}
