package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// AuditHead names the end of the audit chain, or a block that was its end once.
// Whoever keeps one can tell later whether the trail up to it still stands.
type AuditHead struct {
	// Block is its number; 0 while nothing has been sealed.
	Block int64 `json:"block"`
	// Digest of the block, and by the chain of all before it.
	Digest AuditDigest `json:"digest"`
	// LastID of audit_log in it.
	LastID int64 `json:"lastID"`
	// Rows in it.
	Rows int32 `json:"rows"`
}

const (
	sqlAuditBlock = `SELECT digest, last_id, rows FROM audit_blocks WHERE number = $1`

	sqlAuditHead = `SELECT number, digest, last_id, rows FROM audit_blocks ORDER BY number DESC LIMIT 1`
)

// AuditHead gives the chain's end; block 0 when nothing has been sealed.
func (l *Ledger) AuditHead(ctx context.Context) (h AuditHead, err error) {
	err = l.do(ctx, "audit_head", func(ctx context.Context) error {
		h, err = auditHead(ctx, l.pool)
		return err
	})
	return h, err
}

// HoldsAuditHead tells whether the chain holds exactly this block. Block 0 is held
// by every chain.
func (l *Ledger) HoldsAuditHead(ctx context.Context, h AuditHead) (holds bool, err error) {
	if h.Block == 0 {
		return h == AuditHead{}, nil
	}
	err = l.do(ctx, "audit_holds", func(ctx context.Context) error {
		stored, err := scanHead(l.pool.QueryRow(ctx, sqlAuditBlock, h.Block), h.Block)
		holds = err == nil && stored == h
		return err
	})
	return holds, err
}

func auditHead(ctx context.Context, q querier) (h AuditHead, err error) {
	var digest []byte
	err = q.QueryRow(ctx, sqlAuditHead).Scan(&h.Block, &digest, &h.LastID, &h.Rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return AuditHead{}, nil
	}
	copy(h.Digest[:], digest)
	return h, err
}

// scanHead reads a block that may not be there: the head is empty then.
func scanHead(row pgx.Row, number int64) (AuditHead, error) {
	h, digest := AuditHead{Block: number}, []byte(nil)
	err := row.Scan(&digest, &h.LastID, &h.Rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return AuditHead{}, nil
	}
	copy(h.Digest[:], digest)
	return h, err
}
