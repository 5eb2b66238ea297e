package ledger

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
)

// auditBlockPage bounds how many blocks are read at a time.
const auditBlockPage = 20

const (
	sqlAuditBlocks = `
SELECT number, format, first_id, last_id, rows, row_ids, row_digests, previous_digest, digest, sealed_at
FROM audit_blocks WHERE number > $1 ORDER BY number LIMIT $2`

	sqlUnsealed = `SELECT count(*), min(at) FROM audit_log WHERE id > $1`
)

// auditVerifier walks along the chain.
type auditVerifier struct {
	ledger *Ledger
	// anchor is a head that was kept outside the database; nil for none.
	anchor *AuditHead
	report AuditReport
	// last block that was checked.
	last auditBlock
	// met tells that the anchored block was there.
	met  bool
	rows auditCursor
}

// VerifyAudit reads the whole trail and tells in which ways it is not what was
// sealed. anchor is a head that was kept elsewhere, read before this call; nil
// for none, and then nobody knows whether the end of the chain was cut off. It
// needs little memory, and time in proportion to the trail; sealing may go on.
// An error means that it could not tell.
func (l *Ledger) VerifyAudit(ctx context.Context, anchor *AuditHead) (AuditReport, error) {
	v := &auditVerifier{ledger: l, anchor: anchor, rows: auditCursor{ledger: l, after: math.MinInt64, limit: math.MinInt64}}
	for {
		page, err := v.page(ctx)
		if err != nil {
			return v.report, err
		}
		if len(page) == 0 {
			break
		}
		// What lies beyond is not settled, and may be sealed while this goes on.
		for _, b := range page {
			v.rows.limit = max(v.rows.limit, b.lastID)
		}
		for _, b := range page {
			if err := v.block(ctx, b); err != nil {
				return v.report, err
			}
		}
	}
	v.tail()
	v.report.pairSwapped()
	v.report.Head = v.last.head()
	return v.report, v.unsealed(ctx)
}

func (v *auditVerifier) page(ctx context.Context) (page []auditBlock, err error) {
	err = v.ledger.do(ctx, "audit_verify", func(ctx context.Context) error {
		rows, err := v.ledger.pool.Query(ctx, sqlAuditBlocks, v.last.number, auditBlockPage)
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, scanBlock)
		return err
	})
	return page, err
}

func (v *auditVerifier) block(ctx context.Context, b auditBlock) error {
	v.report.Blocks++
	v.link(b)
	v.ownDigest(b)
	if v.anchor != nil && v.anchor.Block == b.number {
		v.met = true
		if b.head() != *v.anchor {
			v.report.add(AuditFinding{Kind: FindingOtherHead, Block: b.number})
		}
	}
	if err := v.blockRows(ctx, b); err != nil {
		return err
	}
	v.last = b
	return nil
}

// link compares the block with the one before it.
func (v *auditVerifier) link(b auditBlock) {
	if missing := b.number - v.last.number - 1; missing > 0 {
		v.report.add(AuditFinding{Kind: FindingMissingBlock, Block: v.last.number + 1})
		v.report.MoreFindings += missing - 1
		return // nobody knows what it followed
	}
	if b.previous != v.last.digest {
		v.report.add(AuditFinding{Kind: FindingBrokenLink, Block: b.number})
	}
}

func (v *auditVerifier) ownDigest(b auditBlock) {
	switch {
	case b.format != auditFormat:
		v.report.add(AuditFinding{Kind: FindingUnknownFormat, Block: b.number})
	case b.digest != b.sum():
		v.report.add(AuditFinding{Kind: FindingEditedBlock, Block: b.number})
	}
}

// tail compares the end of the chain with the head that was kept.
func (v *auditVerifier) tail() {
	a := v.anchor
	switch {
	case a == nil || a.Block == 0 || v.met:
	case a.Block > v.last.number:
		v.report.add(AuditFinding{Kind: FindingTruncatedTail, Block: v.last.number + 1})
	}
}

func (v *auditVerifier) unsealed(ctx context.Context) error {
	return v.ledger.do(ctx, "audit_verify", func(ctx context.Context) error {
		var oldest *time.Time
		err := v.ledger.pool.QueryRow(ctx, sqlUnsealed, afterBlock(v.last.head())).Scan(&v.report.Unsealed, &oldest)
		if err != nil {
			return fmt.Errorf("counting unsealed rows: %w", err)
		}
		v.report.OldestUnsealed = oldest
		return nil
	})
}

// afterBlock is the id that the rows of the next block are above: any may be the
// first of all.
func afterBlock(h AuditHead) int64 {
	if h.Block == 0 {
		return math.MinInt64
	}
	return h.LastID
}
