package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// migrateTo brings an empty database to one version, as that release did.
func migrateTo(t *testing.T, u string, version int64) {
	t.Helper()
	cfg, err := pgx.ParseConfig(u)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*cfg)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatalf("migrating to %d: %v", version, err)
	}
}

// released are the versions that testdata/upgrade has data of, which a program may
// have left behind; data of a version comes on top of that of the ones before.
func released(t *testing.T) (versions []int64) {
	t.Helper()
	for v := int64(1); ; v++ {
		if _, err := os.Stat(upgradeData(v)); err != nil {
			break
		}
		versions = append(versions, v)
	}
	if len(versions) < 8 {
		t.Fatalf("data of only %d versions", len(versions))
	}
	return versions
}

func upgradeData(version int64) string {
	return filepath.Join("testdata", "upgrade", fmt.Sprintf("data-%d.sql", version))
}

// tables counts the rows of every table of the ledger.
func tables(t *testing.T, u string) map[string]int64 {
	t.Helper()
	conn := connect(t, u)
	rows, err := conn.Query(t.Context(), `SELECT relname::text FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, name := range names {
		var n int64
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+pgx.Identifier{name}.Sanitize()).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[name] = n
	}
	return out
}

func TestDataOfEveryReleasedSchemaIsKeptAndUsable(t *testing.T) {
	for _, version := range released(t) {
		t.Run("from version "+strconv.FormatInt(version, 10), func(t *testing.T) {
			u := emptyDatabase(t)
			migrateTo(t, u, version)
			for v := int64(1); v <= version; v++ {
				sql, err := os.ReadFile(upgradeData(v))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := connect(t, u).Exec(t.Context(), string(sql)); err != nil {
					t.Fatalf("data of version %d: %v", v, err)
				}
			}
			before := tables(t, u)
			if _, _, err := ledger.Migrate(t.Context(), u); err != nil {
				t.Fatalf("migrating on: %v", err)
			}
			after := tables(t, u)
			for name, n := range before {
				if after[name] < n {
					t.Errorf("%s had %d rows and has %d", name, n, after[name])
				}
			}
			d := &db{t: t, url: u, clock: &clock{t: noon.Add(time.Hour)}}
			d.Ledger = d.open(u)
			d.goesOn(version >= 6)
		})
	}
}

// goesOn does to the orders of testdata/upgrade what follows.
func (d *db) goesOn(refunded bool) {
	d.t.Helper()
	ctx := d.t.Context()
	order := func(name string) v1alpha1.Identity {
		return v1alpha1.Identity{Namespace: "shop", Source: "store", ExternalID: name}
	}
	of := func(name string, attempt int64, key string) ledger.Reservation {
		r := reservation(1, attempt)
		r.Identity, r.IdempotencyKey = order(name), key
		return r
	}
	d.must(d.CheckSchema(ctx))
	for name, want := range map[string]string{"bought": "closed", "refused": "closed"} {
		if _, err := d.Reserve(ctx, of(name, 1, "key-"+name)); kind(err) != want {
			d.t.Errorf("%s is reserved again: %v", name, err)
		}
	}
	if got := d.mustReserve(of("open", 1, "key-open")); !got.Already {
		d.t.Error("the open attempt is not known")
	}
	s := settlement(1, 1)
	s.Identity = order("open")
	d.must(d.Settle(ctx, s))
	d.mustReserve(of("between", 2, "key-between-2"))
	r := release(1, 2)
	r.Identity, r.Outcome = order("between"), ledger.OutcomeRefused
	d.must(d.Release(ctx, r))
	total, err := d.Refund(ctx, ledger.Refund{Identity: order("bought"), Attempt: 1, Reference: "refund-2", Cents: 20, Actor: "controller"})
	want := int64(20)
	if refunded {
		want = 70
	}
	if err != nil || total != want {
		d.t.Errorf("%d cents came back in all, %v; want %d", total, err, want)
	}
	if got := value[int64](d, `SELECT sum(settled_cents)::bigint FROM spend_periods`); got != 1700-want {
		d.t.Errorf("the periods have %d cents settled, want %d", got, 1700-want)
	}
	if got := value[int64](d, `SELECT sum(reserved_cents)::bigint FROM spend_periods`); got != 0 {
		d.t.Errorf("the periods have %d cents reserved", got)
	}
}

// Programs of a release go on while the next one's migrations run, and until they
// are replaced: all that they ask must still have an answer.
func TestStatementsOfReleasedVersionsStillPrepare(t *testing.T) {
	files, err := filepath.Glob("testdata/statements-*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no statements of a released version: %v", err)
	}
	d := newDB(t)
	oldest := value[int64](d, `SELECT oldest_version FROM schema_support`)
	for _, file := range files {
		version, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "statements-"), ".sql"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if version < oldest {
			continue // the migrations say that these no longer work
		}
		all, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		prepareAll(t, connect(t, d.url), file, string(all))
	}
}

func prepareAll(t *testing.T, conn *pgx.Conn, file, all string) {
	t.Helper()
	n := 0
	for _, part := range strings.Split(all, "-- name: ")[1:] {
		name, sql, _ := strings.Cut(part, "\n")
		n++
		if _, err := conn.Prepare(context.Background(), name, sql); err != nil {
			t.Errorf("%s: %s: %v", file, name, err)
		}
	}
	if n < 40 {
		t.Errorf("%s holds only %d statements", file, n)
	}
}
