package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// A second migrator looks for the lock once a second, for five minutes.
const (
	migrationLockSeconds = 1
	migrationLockTries   = 300
)

// Migrate brings the schema to the version embedded in this program and returns
// the versions before and after. It only goes forward; a schema that is newer is
// left as it is. Several may run at once: a session lock lets one at a time. The
// URL must lead to Postgres itself, since a pooler in transaction mode loses
// session locks.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	db, err := migrationDB(url)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := migrationProvider(db)
	if err != nil {
		return 0, 0, err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: migrating: %w", translate("migrate", err))
	}
	to, err = provider.GetDBVersion(ctx)
	if err != nil {
		return 0, 0, translate("migrate", err)
	}
	return versionBefore(results, to), to, nil
}

// versionBefore is told by what ran, under the lock: a version read before it
// would be stale when two migrators start at once.
func versionBefore(results []*goose.MigrationResult, to int64) int64 {
	if len(results) == 0 {
		return to
	}
	return results[0].Source.Version - 1
}

func migrationDB(url string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's own message may quote the URL, password included.
		return nil, errors.New("ledger: the database URL can't be read")
	}
	// Building an index takes as long as it takes.
	cfg.RuntimeParams["statement_timeout"] = "0"
	configureConn(cfg, "zma-operator migrate")
	return stdlib.OpenDB(*cfg), nil
}

func migrationProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, fmt.Errorf("ledger: reading migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(migrationLockSeconds, migrationLockTries))
	if err != nil {
		return nil, fmt.Errorf("ledger: making the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("ledger: reading migrations: %w", err)
	}
	return provider, nil
}

// embeddedVersion is the highest version among the embedded migrations.
func embeddedVersion() (int64, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return 0, fmt.Errorf("ledger: reading migrations: %w", err)
	}
	var highest int64
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("ledger: migration %s has no version: %w", e.Name(), err)
		}
		highest = max(highest, v)
	}
	return highest, nil
}
