package ledger

import (
	"crypto/sha256"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// auditBlock is a row of audit_blocks.
type auditBlock struct {
	number          int64
	format          int16
	firstID, lastID int64
	rows            int32
	rowIDs          []int64
	rowDigests      []byte
	previous        AuditDigest
	digest          AuditDigest
	sealedAt        pgtype.Timestamptz
}

// seal makes the block of rows that follows another. There is at least one row.
func (b auditBlock) seal(rows []auditRow, at pgtype.Timestamptz) auditBlock {
	next := auditBlock{
		number: b.number + 1, format: auditFormat, firstID: rows[0].id, lastID: rows[len(rows)-1].id,
		rows: int32(len(rows)), previous: b.digest, sealedAt: at, //nolint:gosec // at most auditBlockRows
	}
	for _, r := range rows {
		d := r.digest()
		next.rowIDs = append(next.rowIDs, r.id)
		next.rowDigests = append(next.rowDigests, d[:]...)
	}
	next.digest = next.sum()
	return next
}

// sum is what the digest of the block has to be.
func (b auditBlock) sum() AuditDigest {
	e := append([]byte(nil), b.previous[:]...)
	for _, n := range []int64{b.number, int64(b.format), b.firstID, b.lastID, int64(b.rows), unixMicros(b.sealedAt)} {
		e = appendInt(e, n)
	}
	for i, id := range b.rowIDs {
		d := b.rowDigest(i)
		e = append(appendInt(e, id), d[:]...)
	}
	return sha256.Sum256(e)
}

// rowDigest of the row at a place; zeros when the block holds none.
func (b auditBlock) rowDigest(i int) (d AuditDigest) {
	if end := (i + 1) * len(d); end <= len(b.rowDigests) {
		copy(d[:], b.rowDigests[end-len(d):end])
	}
	return d
}

func (b auditBlock) head() AuditHead {
	return AuditHead{Block: b.number, Digest: b.digest, LastID: b.lastID, Rows: b.rows}
}

func scanBlock(row pgx.CollectableRow) (b auditBlock, err error) {
	var previous, digest []byte
	err = row.Scan(&b.number, &b.format, &b.firstID, &b.lastID, &b.rows, &b.rowIDs, &b.rowDigests, &previous, &digest, &b.sealedAt)
	copy(b.previous[:], previous)
	copy(b.digest[:], digest)
	return b, err
}

func scanAuditRow(row pgx.CollectableRow) (r auditRow, err error) {
	err = row.Scan(&r.id, &r.at, &r.actor, &r.action, &r.namespace, &r.object, &r.attempt, &r.inputsDigest, &r.details)
	return r, err
}
