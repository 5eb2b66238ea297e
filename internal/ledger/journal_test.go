package ledger_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// posted gives all entries, one line for each transaction.
func posted(d *db) []string {
	d.t.Helper()
	return value[[]string](d, `
SELECT COALESCE(array_agg(line ORDER BY id), '{}') FROM (
    SELECT t.id, concat_ws(' ', t.attempt, t.kind, NULLIF(t.reference, ''), string_agg(
        e.ledger_account || CASE WHEN e.debit_cents > 0 THEN '+' || e.debit_cents ELSE '-' || e.credit_cents END,
        ' ' ORDER BY array_position('{available,reserved,subtotal,shipping,tax,adjustment,refunds}'::varchar[], e.ledger_account))) AS line
    FROM journal_transactions t LEFT JOIN journal_entries e ON e.namespace = t.namespace AND e.transaction_id = t.id
    GROUP BY t.namespace, t.id) AS lines`)
}

// mustBalance fails with what is wrong in the books.
func (d *db) mustBalance() ledger.Books {
	d.t.Helper()
	books, err := d.Books(d.t.Context(), "")
	d.must(err)
	if len(books.Differences) > 0 {
		d.t.Fatalf("the books don't balance: %+v", books.Differences)
	}
	// Closed at once: long histories would run out of connections.
	conn := connect(d.t, d.url)
	defer conn.Close(d.t.Context())
	var n int64
	if err := conn.QueryRow(d.t.Context(), `SELECT count(*) FROM journal_order_differences`).Scan(&n); err != nil || n != 0 {
		d.t.Fatalf("%d attempts differ from the journal, %v", n, err)
	}
	return books
}

const (
	reserveLine = "1 reserve available-1000 reserved+1000"
	settleLine  = "1 settle available+150 reserved-1000 subtotal+700 shipping+100 tax+60 adjustment-10"
	paidLine    = "1 settle available-850 subtotal+700 shipping+100 tax+60 adjustment-10"
	releaseLine = "1 release available+1000 reserved-1000"
)

func TestEachMovementIsPostedOnceAndBalances(t *testing.T) {
	reserve := func(d *db) { d.mustReserve(reservation(1, 1)) }
	settle := func(d *db) { d.must(d.Settle(d.t.Context(), settlement(1, 1))) }
	free := func(d *db) { d.must(d.Release(d.t.Context(), release(1, 1))) }
	lost := func(d *db) {
		s := settlement(1, 1)
		s.Lost = ptr(reservation(1, 1))
		d.must(d.Settle(d.t.Context(), s))
	}
	back := func(reference string, cents int64) func(*db) {
		return func(d *db) {
			_, err := d.Refund(d.t.Context(), refund(1, reference, cents))
			d.must(err)
		}
	}
	byHand := func(sql string) func(*db) { return func(d *db) { d.must(d.exec(sql)) } }
	tests := []struct {
		reason string
		steps  []func(*db)
		want   []string
	}{
		{"a purchase", []func(*db){reserve, settle}, []string{reserveLine, settleLine}},
		{"repeats post nothing", []func(*db){reserve, reserve, settle, settle}, []string{reserveLine, settleLine}},
		{"an attempt that did not buy", []func(*db){reserve, free, free}, []string{reserveLine, releaseLine}},
		{"the next attempt", []func(*db){reserve, free, func(d *db) { d.mustReserve(reservation(1, 2)) }},
			[]string{reserveLine, releaseLine, "2 reserve available-1000 reserved+1000"}},
		{"a late settlement finds nothing reserved", []func(*db){reserve, free, settle}, []string{reserveLine, releaseLine, paidLine}},
		{"a rebuilt ledger that knows nothing", []func(*db){settle}, []string{paidLine}},
		{"a rebuilt ledger that is told", []func(*db){lost}, []string{reserveLine, settleLine}},
		{"refunds, one of them twice, and more than was paid", []func(*db){reserve, settle, back("a", 800), back("a", 800), back("b", 100)},
			[]string{reserveLine, settleLine, "1 refund a available+800 refunds-800", "1 refund b available+100 refunds-100"}},
		{"a reservation changed by hand", []func(*db){reserve, byHand(`UPDATE zma_cost_tracking SET max_price_cents = 900`)},
			[]string{reserveLine, "1 adjust 1 available+100 reserved-100"}},
		{"a cost changed by hand", []func(*db){reserve, settle, byHand(`UPDATE zma_cost_tracking
			SET tax_cents = 70, adjustment_cents = 5, total_cents = 875, variance_cents = 75`)},
			[]string{reserveLine, settleLine, "1 adjust 1 available-25 tax+10 adjustment+15"}},
		{"a refund changed by hand", []func(*db){reserve, settle, back("a", 300),
			byHand(`UPDATE order_refunds SET cents = 200; UPDATE zma_cost_tracking SET refunded_cents = 200`)},
			[]string{reserveLine, settleLine, "1 refund a available+300 refunds-300",
				"1 adjust 1 available-300 refunds+300", "1 adjust 2 available+200 refunds-200"}},
		{"a row removed, then found again", []func(*db){reserve, byHand(`CREATE TABLE kept AS SELECT * FROM zma_cost_tracking;
			DELETE FROM zma_cost_tracking; INSERT INTO zma_cost_tracking SELECT * FROM kept`)},
			[]string{reserveLine, "1 adjust 1 available+1000 reserved-1000", "1 adjust 2 available-1000 reserved+1000"}},
		{"an erased customer moves nothing", []func(*db){reserve, byHand(`UPDATE zma_cost_tracking SET customer_id = ''`)}, []string{reserveLine}},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := newDB(t)
			for _, step := range tc.steps {
				step(d)
			}
			if diff := cmp.Diff(tc.want, posted(d)); diff != "" {
				t.Error(diff)
			}
			d.mustBalance()
		})
	}
}

func TestBooksShowEachBalance(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.mustReserve(reservation(2, 1))
	d.must(d.Settle(t.Context(), settlement(2, 1)))
	_, err := d.Refund(t.Context(), refund(2, "a", 300))
	d.must(err)
	balance := func(name string, debit, credit int64) ledger.Balance {
		return ledger.Balance{Namespace: "shop", Account: "main", Currency: "USD", LedgerAccount: name,
			DebitCents: debit, CreditCents: credit, BalanceCents: debit - credit}
	}
	want := []ledger.Balance{balance("adjustment", 0, 10), balance("available", 450, 2000), balance("refunds", 0, 300),
		balance("reserved", 2000, 1000), balance("shipping", 100, 0), balance("subtotal", 700, 0), balance("tax", 60, 0)}
	if diff := cmp.Diff(want, d.mustBalance().Balances); diff != "" {
		t.Error(diff)
	}
	if other, err := d.Books(t.Context(), "elsewhere"); err != nil || len(other.Balances) != 0 {
		t.Errorf("another namespace has %+v, %v", other, err)
	}
}

func TestBooksShowWhatDoesNotBalance(t *testing.T) {
	tests := []struct{ reason, sql, want string }{
		{"a cost changed past its triggers", `ALTER TABLE zma_cost_tracking DISABLE TRIGGER USER;
			UPDATE zma_cost_tracking SET max_price_cents = 900 WHERE state = 'reserved'`, "zma_cost_tracking reserved 1000 900"},
		{"a refund removed past its triggers", `ALTER TABLE order_refunds DISABLE TRIGGER USER; DELETE FROM order_refunds`,
			"order_refunds refunds -300 0"},
		{"a period changed by hand", `UPDATE spend_periods SET reserved_cents = 1`, "spend_periods reserved 1 1000"},
		{"an entry removed past its triggers", `ALTER TABLE journal_entries DISABLE TRIGGER USER;
			DELETE FROM journal_entries WHERE ledger_account = 'refunds'`, "journal_entries 4 300 0"},
		{"a transaction without entries", `INSERT INTO journal_transactions
			(namespace, source, external_id, attempt, kind, reference, account, currency, at)
			VALUES ('shop', 'store', 'x', 1, 'reserve', '', 'main', 'USD', now())`, "journal_entries 5 0 0"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := newDB(t)
			d.mustReserve(reservation(1, 1))
			d.mustReserve(reservation(2, 1))
			d.must(d.Settle(t.Context(), settlement(2, 1)))
			_, err := d.Refund(t.Context(), refund(2, "a", 300))
			d.must(err)
			d.must(d.exec(tc.sql))
			books, err := d.Books(t.Context(), "shop")
			d.must(err)
			got := map[string]bool{}
			for _, v := range books.Differences {
				got[fmt.Sprintf("%s %s %d %d", v.Table, v.Item, v.FoundCents, v.ExpectedCents)] = true
			}
			if !got[tc.want] {
				t.Errorf("got %v, want %q among them", got, tc.want)
			}
		})
	}
}

func TestTheJournalRefusesWhatDoesNotBalanceAndEveryChange(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	head := `WITH t AS (INSERT INTO journal_transactions (namespace, source, external_id, attempt, kind, reference, account, currency, at)
		VALUES ('shop', 'store', 'x', 1, 'reserve', '', 'main', 'USD', now()) RETURNING id)
		INSERT INTO journal_entries (namespace, transaction_id, ledger_account, debit_cents, credit_cents) SELECT 'shop', t.id, v.* FROM t, `
	tests := []struct{ reason, sql string }{
		{"debits without credits", head + `(VALUES ('reserved', 100, 0)) v`},
		{"a cent too much", head + `(VALUES ('reserved', 101, 0), ('available', 0, 100)) v`},
		{"two that only balance together", head + `(VALUES ('reserved', 100, 0)) v; ` + `
			INSERT INTO journal_entries SELECT namespace, transaction_id, 'tax', 0, 100 FROM journal_entries LIMIT 1`},
		{"an entry of both sides", head + `(VALUES ('reserved', 100, 100)) v`},
		{"an entry of nothing", head + `(VALUES ('reserved', 0, 0)) v`},
		{"an account outside of the chart", head + `(VALUES ('petty cash', 100, 0), ('available', 0, 100)) v`},
		{"an entry more in what is posted", `INSERT INTO journal_entries SELECT namespace, transaction_id, 'tax', 5, 0 FROM journal_entries LIMIT 1`},
		{"entries of another namespace", `INSERT INTO journal_entries SELECT 'elsewhere', transaction_id, ledger_account, debit_cents, credit_cents FROM journal_entries`},
		{"the same movement again", `INSERT INTO journal_transactions (namespace, source, external_id, attempt, kind, reference, account, currency, at)
			SELECT namespace, source, external_id, attempt, kind, reference, account, currency, at FROM journal_transactions`},
		{"an entry changed", `UPDATE journal_entries SET debit_cents = debit_cents`},
		{"an entry removed", `DELETE FROM journal_entries`},
		{"entries truncated", `TRUNCATE journal_entries`},
		{"a transaction changed", `UPDATE journal_transactions SET kind = 'settle'`},
		{"a transaction removed", `DELETE FROM journal_transactions`},
		{"all truncated", `TRUNCATE journal_transactions CASCADE`},
		{"a cost given to another currency", `UPDATE zma_cost_tracking SET currency = 'EUR'`},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if err := d.exec(tc.sql); err == nil {
				t.Errorf("accepted")
			}
		})
	}
	if diff := cmp.Diff([]string{reserveLine}, posted(d)); diff != "" {
		t.Error(diff)
	}
	d.mustBalance()
}

// upTo migrates to a version of before.
func upTo(t *testing.T, u string, version int64) {
	t.Helper()
	conn := connect(t, u)
	pool := stdlib.OpenDB(*conn.Config())
	defer pool.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = provider.UpTo(t.Context(), version)
	}
	if err != nil {
		t.Fatalf("migrating to %d: %v", version, err)
	}
}

// Rows of earlier versions are posted as if the journal had always been there.
func TestMoneyOfEarlierVersionsIsPosted(t *testing.T) {
	u := emptyDatabase(t)
	upTo(t, u, 8)
	d := &db{t: t, url: u, clock: &clock{t: noon}}
	// This program makes the rows, and writes a column that came later.
	d.must(d.exec(`ALTER TABLE zma_cost_tracking ADD COLUMN contents_digest varchar(64)`))
	d.Ledger = d.open(u)
	d.mustReserve(reservation(1, 1))
	d.must(d.Release(t.Context(), release(1, 1)))
	d.clock.add(time.Minute)
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	d.clock.add(time.Minute)
	d.mustReserve(reservation(2, 1))
	d.must(d.Settle(t.Context(), settlement(3, 1)))
	d.clock.add(time.Minute)
	d.must(d.Settle(t.Context(), settlement(2, 1)))
	_, err := d.Refund(t.Context(), refund(2, "a", 300))
	d.must(err)
	d.mustReserve(reservation(4, 1))
	upTo(t, u, 9)
	d.mustBalance()
	got := value[[]string](d, `SELECT array_agg(external_id || ' ' || kind ORDER BY external_id, id) FROM journal_transactions`)
	want := []string{"order-1 reserve", "order-1 release", "order-1 settle", "order-2 reserve", "order-2 settle", "order-2 refund",
		"order-3 settle", "order-4 reserve"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	d.must(d.Settle(t.Context(), settlement(4, 1)))
	d.mustBalance()
}
