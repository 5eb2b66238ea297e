package ledger_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestAnOrderMayLeaveOnlyWhenPostgresHoldsItsEnd(t *testing.T) {
	mirrored := func(d *db, n int, version int) {
		d.must(d.Mirror(d.t.Context(), []ledger.Snapshot{{Order: order(n, "a", noon, version)}}))
	}
	settled := func(d *db, n int, mail *ledger.Mail) {
		d.mustReserve(reservation(n, 1))
		s := settlement(n, 1)
		s.Mail = mail
		d.must(d.Settle(d.t.Context(), s))
	}
	mail := &ledger.Mail{Identity: identity(1), Kind: "order-placed", Transition: "1", Policy: "mails", Recipient: "a@example.com"}
	bought := []ledger.MayLeave{{Index: 0, Outcome: ledger.OutcomeBought}}
	tests := []struct {
		reason  string
		prepare func(*db)
		want    []ledger.MayLeave
	}{
		{"bought, settled and mirrored", func(d *db) { settled(d, 1, nil); mirrored(d, 1, 7) }, bought},
		{"a newer version is mirrored", func(d *db) { settled(d, 1, nil); mirrored(d, 1, 9) }, bought},
		{"an older version is mirrored", func(d *db) { settled(d, 1, nil); mirrored(d, 1, 6) }, nil},
		{"never mirrored", func(d *db) { settled(d, 1, nil) }, nil},
		{"mirrored without what to restore it from", func(d *db) {
			settled(d, 1, nil)
			mirrored(d, 1, 7)
			d.must(d.exec(`UPDATE orders SET spec = NULL, document_version = NULL`))
		}, nil},
		{"another life of it is mirrored", func(d *db) {
			settled(d, 1, nil)
			d.must(d.Mirror(d.t.Context(), []ledger.Snapshot{{Order: order(1, "b", noon, 8)}}))
		}, nil},
		{"an attempt is open", func(d *db) { d.mustReserve(reservation(1, 1)); mirrored(d, 1, 7) }, nil},
		{"closed, and an attempt is open all the same", func(d *db) {
			settled(d, 1, nil)
			mirrored(d, 1, 7)
			d.must(d.exec(`INSERT INTO order_attempts (namespace, source, external_id, attempt, state, idempotency_key, provider_account_id, max_price_cents, reserved_at)
				SELECT namespace, source, external_id, 2, 'reserved', 'key-2', 'acct-1', 5, now() FROM order_attempts`))
		}, nil},
		{"a mail waits", func(d *db) { settled(d, 1, mail); mirrored(d, 1, 7) }, nil},
		{"a mail is being sent", func(d *db) {
			settled(d, 1, mail)
			mirrored(d, 1, 7)
			_, err := d.ClaimMails(d.t.Context(), 1, time.Minute)
			d.must(err)
		}, nil},
		{"its mail was sent", func(d *db) { settled(d, 1, mail); mirrored(d, 1, 7); d.sent() }, bought},
		{"refused by the provider", func(d *db) {
			d.mustReserve(reservation(1, 1))
			r := release(1, 1)
			r.Outcome = ledger.OutcomeRefused
			d.must(d.Release(d.t.Context(), r))
			mirrored(d, 1, 7)
		}, []ledger.MayLeave{{Index: 0, Outcome: ledger.OutcomeRefused}}},
		{"never reserved: to be closed first", func(d *db) { mirrored(d, 1, 7) }, []ledger.MayLeave{{Index: 0}}},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := newDB(t)
			tc.prepare(d)
			got, err := d.MayLeave(t.Context(), []ledger.Leaver{{Identity: identity(1), UID: "a", ResourceVersion: "7"}})
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

// TestAnOrderIsClosedOnlyWhileItsObjectStands: retention closes what was denied, and
// somebody may have deleted that and sent the order again meanwhile.
func TestAnOrderIsClosedOnlyWhileItsObjectStands(t *testing.T) {
	seen := func(d *db, deleted bool, uid string, version int) {
		d.must(d.Mirror(d.t.Context(), []ledger.Snapshot{{Order: order(1, uid, noon.Add(time.Duration(version)*time.Second), version), Deleted: deleted}}))
	}
	for reason, c := range map[string]struct {
		since func(*db)
		want  bool
	}{
		"it stands":                   {func(*db) {}, true},
		"it was deleted":              {func(d *db) { seen(d, true, "a", 8) }, false},
		"it was deleted as it was":    {func(d *db) { seen(d, true, "a", 7) }, false},
		"it was changed":              {func(d *db) { seen(d, false, "a", 8) }, false},
		"another has taken its place": {func(d *db) { seen(d, true, "a", 7); seen(d, false, "b", 9) }, false},
	} {
		d := newDB(t)
		seen(d, false, "a", 7)
		c.since(d)
		err := d.Release(t.Context(), ledger.Release{
			Identity: identity(1), Reason: "Denied", Actor: "controller", Outcome: ledger.OutcomeRefused,
			Seen: &ledger.Leaver{UID: "a", ResourceVersion: "7"},
		})
		if (err == nil) != c.want || (!c.want && !errors.Is(err, ledger.ErrNotFound)) {
			t.Errorf("%s: closing gives %v", reason, err)
		}
		if _, err := d.Reserve(t.Context(), reservation(1, 1)); (err == nil) == c.want {
			t.Errorf("%s: reserving gives %v", reason, err)
		}
	}
}

func TestTheLedgerConsentsToEachOfABatchByItself(t *testing.T) {
	d := newDB(t)
	var leavers []ledger.Leaver
	for n := range 4 {
		d.mustReserve(reservation(n, 1))
		if n%2 == 1 {
			d.must(d.Settle(t.Context(), settlement(n, 1)))
		}
		d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: order(n, "a", noon, 7)}}))
		leavers = append(leavers, ledger.Leaver{Identity: identity(n), UID: "a", ResourceVersion: "7"})
	}
	got, err := d.MayLeave(t.Context(), leavers)
	want := []ledger.MayLeave{{Index: 1, Outcome: ledger.OutcomeBought}, {Index: 3, Outcome: ledger.OutcomeBought}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// asOperator opens the ledger with the rights of the controllers alone.
func (d *db) asOperator() *ledger.Ledger {
	d.t.Helper()
	u, err := url.Parse(d.url)
	d.must(err)
	q := u.Query()
	q.Set("role", "zma_operator")
	u.RawQuery = q.Encode()
	return d.open(u.String())
}

// months ago, by the clock of the database, in the middle of the month.
func (d *db) months(ago int) time.Time {
	d.t.Helper()
	return value[time.Time](d, `SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => $1) + interval '14 days') AT TIME ZONE 'UTC'`, ago)
}

func (d *db) deliver(at ...time.Time) {
	d.t.Helper()
	for i, when := range at {
		d.must(d.InsertDeliveries(d.t.Context(), []ledger.Delivery{{At: when, RequestID: fmt.Sprint(i), Namespace: "shop", Source: "web", Route: "webhooks", Method: "POST", Outcome: "created", Status: 202}}))
	}
}

// partition of a delivery at a time.
func (d *db) partition(at time.Time) string {
	d.t.Helper()
	return value[string](d, `SELECT tableoid::regclass::text FROM webhook_deliveries WHERE at = $1`, at)
}

func TestDeliveriesGoToTheirMonthAndOldMonthsGo(t *testing.T) {
	d := newDB(t)
	operator := d.asOperator()
	for _, made := range []int64{0, 0} {
		if got, err := operator.EnsurePartitions(t.Context()); err != nil || got != made {
			t.Fatalf("%d partitions made, %v; want %d", got, err, made)
		}
	}
	ago := []time.Time{d.months(7), d.months(4), d.months(1), d.months(0), d.months(-2), d.months(-9)}
	d.deliver(ago...)
	for i, def := range []bool{true, true, true, false, false, true} {
		if got := d.partition(ago[i]); (got == "webhook_deliveries_default") != def {
			t.Errorf("the delivery of %s is in %s", ago[i], got)
		}
	}
	dropped, err := operator.DropDeliveries(t.Context(), 90*24*time.Hour)
	if diff := cmp.Diff(ledger.Dropped{Rows: 2}, dropped); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if n := value[int64](d, `SELECT count(*) FROM webhook_deliveries`); n != 4 {
		t.Errorf("%d deliveries are left, want 4", n)
	}
	if n := value[int64](d, `SELECT sum(requests)::bigint FROM report_webhooks_by_day`); n != 4 {
		t.Errorf("the report counts %d deliveries, want 4", n)
	}
}

// The upkeep was away for months: its rows wait in the default partition, move to
// their month when that is made, and are there to the last one.
func TestRowsOfAMissingMonthMoveIntoIt(t *testing.T) {
	d := newDB(t)
	d.must(d.exec(`DO $$ DECLARE p record; BEGIN
		FOR p IN SELECT part FROM zma_partitions() WHERE ends_at IS NOT NULL LOOP EXECUTE format('DROP TABLE %s', p.part); END LOOP; END $$`))
	ago := []time.Time{d.months(1), d.months(0), d.months(-1)}
	d.deliver(ago...)
	if got := d.partition(ago[1]); got != "webhook_deliveries_default" {
		t.Fatalf("the delivery is in %s", got)
	}
	if made, err := d.asOperator().EnsurePartitions(t.Context()); err != nil || made != 4 {
		t.Fatalf("%d partitions made, %v; want 4", made, err)
	}
	for _, at := range ago[1:] {
		if got, want := d.partition(at), "webhook_deliveries_"+at.UTC().Format("y2006m01"); got != want {
			t.Errorf("the delivery is in %s, want %s", got, want)
		}
	}
	if got := d.partition(ago[0]); got != "webhook_deliveries_default" {
		t.Errorf("the delivery of last month is in %s", got)
	}
}

func TestAWholeOldPartitionIsDropped(t *testing.T) {
	d := newDB(t)
	old := d.months(6)
	start := old.AddDate(0, 0, -14)
	d.must(d.exec(fmt.Sprintf(`CREATE TABLE webhook_deliveries_old PARTITION OF webhook_deliveries FOR VALUES FROM ('%s') TO ('%s')`,
		start.Format(time.RFC3339), start.AddDate(0, 1, 0).Format(time.RFC3339))))
	d.must(d.exec(`SELECT zma_secure('webhook_deliveries_old')`))
	d.deliver(old, old.Add(time.Hour), d.months(0))
	dropped, err := d.asOperator().DropDeliveries(t.Context(), 90*24*time.Hour)
	if diff := cmp.Diff(ledger.Dropped{Partitions: 1, Rows: 2}, dropped); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if value[bool](d, `SELECT to_regclass('webhook_deliveries_old') IS NOT NULL`) {
		t.Error("the partition is still there")
	}
}

func TestNothingYoungIsDroppedAndNobodyElseDrops(t *testing.T) {
	d := newDB(t)
	d.deliver(d.months(0), d.months(6))
	operator := d.asOperator()
	for _, keep := range []time.Duration{0, 24 * time.Hour, -time.Hour} {
		if _, err := operator.DropDeliveries(t.Context(), keep); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("keeping %s: %v, want a refusal", keep, err)
		}
	}
	if n := value[int64](d, `SELECT count(*) FROM webhook_deliveries`); n != 2 {
		t.Errorf("%d deliveries are left, want 2", n)
	}
	for _, role := range []string{"zma_intake", "zma_reporter", "zma_auditor"} {
		for _, call := range []string{"zma_partitions_ensure()", "zma_partitions_drop(integer)"} {
			if value[bool](d, `SELECT has_function_privilege($1, $2, 'EXECUTE')`, role, call) {
				t.Errorf("%s may call %s", role, call)
			}
		}
	}
}

// What was written before the table was partitioned stays in one partition, is found
// as before, and new rows have new numbers.
func TestDeliveriesOfBeforeStayWhenTheTableIsPartitioned(t *testing.T) {
	u := emptyDatabase(t)
	migrateTo(t, u, 13)
	d := &db{t: t, url: u, clock: &clock{t: noon}}
	d.Ledger = d.open(u)
	old, now := d.months(5), d.months(0)
	d.deliver(old, now)
	if _, _, err := ledger.Migrate(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	d.deliver(d.months(-1).Add(time.Hour))
	d.must(d.asOperator().InsertDeliveries(t.Context(), []ledger.Delivery{{At: now.Add(time.Hour), Method: "POST", SecurityEvent: "bad_signature", Status: 401}}))
	if got := value[string](d, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM webhook_deliveries`); got != "1 2 3 4" {
		t.Errorf("the numbers are %s, want 1 2 3 4", got)
	}
	if got := d.partition(now.Add(time.Hour)); got != "webhook_deliveries_before" {
		t.Errorf("this month's delivery is in %s", got)
	}
	if got := value[string](d, `SELECT string_agg(c.relname || ' ' || i.inhparent::regclass, ', ' ORDER BY c.relname) FROM pg_index x
		JOIN pg_class c ON c.oid = x.indexrelid LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
		WHERE x.indrelid = 'webhook_deliveries_before'::regclass AND c.relname LIKE '%by_time'`); got != "webhook_deliveries_before_by_time webhook_deliveries_by_time" {
		t.Errorf("the index of before is %s", got)
	}
	if n := value[int64](d, `SELECT count(*) FROM security_events`); n != 1 {
		t.Errorf("the trigger noted %d security events, want 1", n)
	}
	forced := value[bool](d, `SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class WHERE relname LIKE 'webhook\_deliveries%' AND relkind IN ('r', 'p')`)
	if !forced {
		t.Error("row level security is not forced on every partition")
	}
	dropped, err := d.asOperator().DropDeliveries(t.Context(), 90*24*time.Hour)
	if diff := cmp.Diff(ledger.Dropped{Rows: 1}, dropped); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
