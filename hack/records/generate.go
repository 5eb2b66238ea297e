package records

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/*.sql
var statements embed.FS

// sqlOptions hands the options to the files, which can't take parameters.
const sqlOptions = `SELECT set_config('records.orders', $1::bigint::text, true), set_config('records.seed', $2::bigint::text, true),
    set_config('records.days', $3::bigint::text, true), set_config('records.end', $4::timestamptz::text, true)`

// Options of what is generated.
type Options struct {
	// Orders to make, from 1.
	Orders int64
	// Days that they are spread over, from 1, up to End.
	Days int
	// Seed of everything that is drawn.
	Seed int64
	// End is when the last order came in: the time at which the reports are read,
	// since they count back from now.
	End time.Time
	// Progress is told each step; may be nil.
	Progress func(step string)
}

// Generate fills an empty, migrated database in one transaction. The URL must be
// of a superuser: triggers are off meanwhile, and their sums made at the end.
func Generate(ctx context.Context, url string, o Options) (err error) {
	if o.Orders < 1 || o.Days < 1 {
		return errors.New("at least one order and one day are needed")
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return fill(ctx, tx, o) }); err != nil {
		return err
	}
	// Plans follow the statistics, index-only scans the visibility map.
	o.tell("vacuum")
	_, err = conn.Exec(ctx, `VACUUM ANALYZE`)
	return err
}

func fill(ctx context.Context, tx pgx.Tx, o Options) error {
	if _, err := tx.Exec(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
		return fmt.Errorf("turning triggers off: %w", err)
	}
	if _, err := tx.Exec(ctx, sqlOptions, o.Orders, o.Seed, o.Days, o.End); err != nil {
		return fmt.Errorf("setting the options: %w", err)
	}
	files, err := fs.Glob(statements, "sql/*.sql")
	if err != nil {
		return err
	}
	for _, name := range files {
		o.tell(name)
		sql, err := statements.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, string(sql)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (o Options) tell(step string) {
	if o.Progress != nil {
		o.Progress(step)
	}
}
