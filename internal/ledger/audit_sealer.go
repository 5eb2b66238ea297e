package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// auditBlockRows bounds a block, and with it the memory of sealing and verifying.
const auditBlockRows = 1000

// auditSealLock lets one sealer at a time. Unique digests keep the chain from
// forking without it; it keeps the second one from failing.
const auditSealLock = 7_262_910_041

const (
	sqlTrySealLock = `SELECT pg_try_advisory_xact_lock($1)`

	sqlAuditRows = `
SELECT id, at, actor, action, namespace, object, attempt, inputs_digest, detail::text FROM audit_log
WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3`

	sqlInsertAuditBlock = `
INSERT INTO audit_blocks (number, format, first_id, last_id, rows, row_ids, row_digests, previous_digest, digest, sealed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

	sqlOldestUnsealed = `
SELECT at FROM audit_log WHERE id > COALESCE((SELECT max(last_id) FROM audit_blocks), 0) ORDER BY id LIMIT 1`
)

// AuditSealer seals the audit trail into blocks. It remembers between its calls
// which writers it waits for; it is for one goroutine.
type AuditSealer struct {
	ledger *Ledger
	next   auditHorizon
}

// NewAuditSealer makes a sealer. Several may work on one database.
func (l *Ledger) NewAuditSealer() *AuditSealer {
	return &AuditSealer{ledger: l}
}

// SealedBlocks says what one call sealed.
type SealedBlocks struct {
	// Blocks and Rows sealed.
	Blocks, Rows int
	// OldestUnsealed is the time of the oldest row that is left; zero for none.
	OldestUnsealed time.Time
}

// Seal seals the rows that no other row can come before any more. Inserts go on
// meanwhile. Rows that are left wait for a transaction that is not finished, or
// for the next call.
func (s *AuditSealer) Seal(ctx context.Context) (SealedBlocks, error) {
	var total SealedBlocks
	upTo, err := s.settled(ctx)
	if err != nil {
		return total, err
	}
	for full := true; full; {
		n, err := s.block(ctx, upTo)
		if err != nil {
			return total, err
		}
		if n > 0 {
			total.Blocks++
			total.Rows += n
		}
		full = n == auditBlockRows
	}
	total.OldestUnsealed, err = s.oldest(ctx)
	return total, err
}

// block seals one block and returns its number of rows; 0 when there are none, or
// when another sealer is at it.
func (s *AuditSealer) block(ctx context.Context, upTo int64) (n int, err error) {
	err = s.ledger.tx(ctx, "audit_seal", func(ctx context.Context, tx pgx.Tx) error {
		n = 0
		var locked bool
		if err := tx.QueryRow(ctx, sqlTrySealLock, int64(auditSealLock)).Scan(&locked); err != nil || !locked {
			return err
		}
		head, err := auditHead(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := auditRows(ctx, tx, afterBlock(head), upTo, auditBlockRows)
		if err != nil || len(rows) == 0 {
			return err
		}
		n = len(rows)
		return insertBlock(ctx, tx, head, rows, s.ledger.now())
	})
	return n, err
}

func insertBlock(ctx context.Context, tx pgx.Tx, head AuditHead, rows []auditRow, now time.Time) error {
	// As Postgres keeps it: the digest covers it.
	at := pgtype.Timestamptz{Time: now.UTC().Truncate(time.Microsecond), Valid: true}
	b := auditBlock{number: head.Block, digest: head.Digest}.seal(rows, at)
	_, err := tx.Exec(ctx, sqlInsertAuditBlock, b.number, b.format, b.firstID, b.lastID, b.rows,
		b.rowIDs, b.rowDigests, b.previous[:], b.digest[:], b.sealedAt)
	return err
}

func auditRows(ctx context.Context, q querier, after, upTo int64, limit int) ([]auditRow, error) {
	rows, err := q.Query(ctx, sqlAuditRows, after, upTo, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanAuditRow)
}

func (s *AuditSealer) oldest(ctx context.Context) (oldest time.Time, err error) {
	err = s.ledger.do(ctx, "audit_oldest", func(ctx context.Context) error {
		rows, err := s.ledger.pool.Query(ctx, sqlOldestUnsealed)
		if err != nil {
			return err
		}
		times, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
		if err == nil && len(times) > 0 {
			oldest = times[0]
		}
		return err
	})
	return oldest, err
}
