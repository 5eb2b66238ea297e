package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// oldMonth makes the partition of a month of the past, with two deliveries in it.
func (d *db) oldMonth(name string, ago int) {
	d.t.Helper()
	middle := d.months(ago)
	start := middle.AddDate(0, 0, -14)
	d.must(d.exec(fmt.Sprintf(`CREATE TABLE %s PARTITION OF webhook_deliveries FOR VALUES FROM ('%s') TO ('%s')`,
		name, start.Format(time.RFC3339), start.AddDate(0, 1, 0).Format(time.RFC3339))))
	d.must(d.exec(`SELECT zma_secure($1::regclass)`, name))
	d.deliver(middle, middle.Add(time.Hour))
}

// reads a table in a transaction that stays open.
func (d *db) reads(table string) pgx.Tx {
	d.t.Helper()
	tx, err := connect(d.t, d.url).Begin(d.t.Context())
	d.must(err)
	_, err = tx.Exec(d.t.Context(), `LOCK TABLE ONLY `+table+` IN ACCESS SHARE MODE`)
	d.must(err)
	return tx
}

// TestNoDeliveryQueuesBehindADropThatWaits has somebody read what a drop has to lock,
// a backup for one. Deliveries that come after the drop wait no longer than that does,
// and what was not dropped goes at the next run.
func TestNoDeliveryQueuesBehindADropThatWaits(t *testing.T) {
	const keep = 90 * 24 * time.Hour
	for _, table := range []string{
		"webhook_deliveries", "webhook_deliveries_default", "webhook_deliveries_older", "webhook_deliveries_old",
	} {
		t.Run(table, func(t *testing.T) {
			d := newDB(t)
			d.oldMonth("webhook_deliveries_older", 7)
			d.oldMonth("webhook_deliveries_old", 6)
			operator, now := d.asOperator(), d.months(0)
			reader := d.reads(table)
			var first ledger.Dropped
			done := make(chan error, 1)
			go func() {
				var err error
				first, err = operator.DropDeliveries(t.Context(), keep)
				done <- err
			}()
			// Far longer than a drop waits for a lock, and less than anything else does.
			d.Ledger = d.open(d.url + "&lock_timeout=2500")
			delivered, err := d.deliverUntil(done, now)
			var refusal *ledger.SQLError
			if !errors.Is(err, ledger.ErrUnavailable) || !errors.As(err, &refusal) || refusal.State != "55P03" {
				t.Errorf("the drop gave %v, want lock_not_available", err)
			}
			d.must(reader.Rollback(t.Context()))
			next, err := operator.DropDeliveries(t.Context(), keep)
			if next.Partitions == 0 {
				t.Error("the next run dropped no partition")
			}
			both := ledger.Dropped{Partitions: first.Partitions + next.Partitions, Rows: first.Rows + next.Rows}
			if diff := cmp.Diff(ledger.Dropped{Partitions: 2, Rows: 4}, both); err != nil || diff != "" {
				t.Errorf("both runs: %v %s", err, diff)
			}
			if n := value[int64](d, `SELECT count(*) FROM webhook_deliveries`); n != delivered {
				t.Errorf("%d deliveries are there, want the %d that came meanwhile", n, delivered)
			}
		})
	}
}

// deliverUntil writes deliveries, one after another, until something is done.
func (d *db) deliverUntil(done <-chan error, at time.Time) (delivered int64, err error) {
	d.t.Helper()
	for {
		d.deliver(at)
		delivered++
		select {
		case err := <-done:
			return delivered, err
		default:
		}
	}
}
