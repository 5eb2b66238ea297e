package ledger

import "context"

// auditRowPage bounds how many rows are read at a time.
const auditRowPage = 1000

// auditCursor gives rows of audit_log by id, a page at a time.
type auditCursor struct {
	ledger *Ledger
	// after is the id of the last row that was read, and limit the highest that may
	// be.
	after, limit int64
	page         []auditRow
}

// peek gives the next row up to an id; nil for none.
func (c *auditCursor) peek(ctx context.Context, upTo int64) (*auditRow, error) {
	if len(c.page) == 0 && c.after < min(upTo, c.limit) {
		if err := c.read(ctx); err != nil {
			return nil, err
		}
	}
	if len(c.page) == 0 || c.page[0].id > upTo {
		return nil, nil
	}
	return &c.page[0], nil
}

func (c *auditCursor) next() { c.page = c.page[1:] }

func (c *auditCursor) read(ctx context.Context) error {
	err := c.ledger.do(ctx, "audit_verify", func(ctx context.Context) (err error) {
		c.page, err = auditRows(ctx, c.ledger.pool, c.after, c.limit, auditRowPage)
		return err
	})
	if err != nil {
		return err
	}
	if len(c.page) < auditRowPage {
		c.after = c.limit
	} else {
		c.after = c.page[len(c.page)-1].id
	}
	return nil
}

// blockRows compares the rows of the block's range with those that it sealed.
func (v *auditVerifier) blockRows(ctx context.Context, b auditBlock) error {
	if err := v.skipMissing(ctx, b); err != nil {
		return err
	}
	for i := 0; ; {
		row, err := v.rows.peek(ctx, b.lastID)
		if err != nil {
			return err
		}
		switch {
		case row == nil && i >= len(b.rowIDs):
			return nil
		case row == nil, i < len(b.rowIDs) && b.rowIDs[i] < row.id:
			v.find(FindingMissingRow, b, b.rowIDs[i])
			i++
		case i >= len(b.rowIDs) || row.id < b.rowIDs[i]:
			v.report.Rows++
			v.find(FindingAddedRow, b, row.id)
			v.rows.next()
		default:
			v.compare(b, i, row)
			v.rows.next()
			i++
		}
	}
}

func (v *auditVerifier) compare(b auditBlock, i int, row *auditRow) {
	v.report.Rows++
	if found, sealed := row.digest(), b.rowDigest(i); found != sealed {
		v.report.add(AuditFinding{Kind: FindingChangedRow, Block: b.number, RowIDs: []int64{row.id}, sealed: sealed, found: found})
	}
}

func (v *auditVerifier) find(kind string, b auditBlock, id int64) {
	v.report.add(AuditFinding{Kind: kind, Block: b.number, RowIDs: []int64{id}})
}

// skipMissing passes over the rows of blocks that are missing: those were found
// already.
func (v *auditVerifier) skipMissing(ctx context.Context, b auditBlock) error {
	for b.number != v.last.number+1 {
		row, err := v.rows.peek(ctx, b.firstID-1)
		if err != nil || row == nil {
			return err
		}
		v.rows.next()
	}
	return nil
}
