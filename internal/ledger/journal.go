package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Books are the balances of the journal, and where they contradict the tables
// that they follow.
type Books struct {
	// Balances by account, currency and ledger account, in that order.
	Balances []Balance
	// Differences are empty when the books balance.
	Differences []Difference
}

// Balance is what has been posted to one ledger account. Minor units.
type Balance struct {
	// Namespace and Account name the ZMAAccount; Account and Currency are empty
	// where a rebuilt ledger does not know them.
	Namespace, Account, Currency string
	// LedgerAccount is available, reserved, subtotal, shipping, tax, adjustment or
	// refunds.
	LedgerAccount string
	// BalanceCents is DebitCents less CreditCents.
	DebitCents, CreditCents, BalanceCents int64
}

// Difference is one amount that is not what it must be. Minor units.
type Difference struct {
	// Namespace, Account and Currency as in a Balance; Currency is empty for
	// spend_periods, which have none.
	Namespace, Account, Currency string
	// Table is what was compared: the journal with zma_cost_tracking or
	// order_refunds, spend_periods with zma_cost_tracking, or, as
	// journal_entries, the debits of one transaction with its credits.
	Table string
	// Item is the ledger account, the column without its unit, or the number of
	// the transaction.
	Item string
	// At is the beginning of a period, or the time of a transaction.
	At *time.Time
	// FoundCents is what is recorded, ExpectedCents what it must be.
	FoundCents, ExpectedCents int64
}

// booksTimeout is long: all that was ever spent is added up.
const booksTimeout = 5 * time.Minute

// beginBooks begins a transaction in which both statements see the same moment.
const beginBooks = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '300000'`

const (
	sqlBalances = `
SELECT namespace, account, currency, ledger_account, debit_cents, credit_cents, balance_cents
FROM journal_balances WHERE $1::varchar = '' OR namespace = $1
ORDER BY namespace, account, currency, ledger_account`

	sqlDifferences = `
SELECT namespace, account, currency, compared_with, item, at, found_cents, expected_cents
FROM journal_differences WHERE $1::varchar = '' OR namespace = $1
ORDER BY namespace, account, currency, compared_with, item, at`
)

// Books adds up the journal of a namespace, or of all that the connection's role
// may see when namespace is empty, and compares it with the tables that it
// follows. It reads everything that was ever spent, at one moment, and takes no
// locks: for audits and tests, not for reconciling. Returns an error that wraps
// ErrUnavailable when the database can't say.
func (l *Ledger) Books(ctx context.Context, namespace string) (Books, error) {
	var out Books
	err := l.within(ctx, booksTimeout, "books", func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{BeginQuery: beginBooks}, func(tx pgx.Tx) error {
			var err error
			if out.Balances, err = collect[Balance](ctx, tx, sqlBalances, namespace); err != nil {
				return err
			}
			out.Differences, err = collect[Difference](ctx, tx, sqlDifferences, namespace)
			return err
		})
	})
	if err != nil {
		return Books{}, err
	}
	return out, nil
}

// collect reads rows into structs whose fields are in the order of the columns.
func collect[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}
