package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// sqlAuditWriters lists the transactions that may have taken an id of audit_log
// and not ended yet: each holds this lock on the table until its rows can be seen
// or never will be. One that was prepared has no process, and another name than
// before.
const sqlAuditWriters = `
SELECT virtualtransaction, pid IS NULL FROM pg_locks
WHERE locktype = 'relation' AND relation = 'audit_log'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

const sqlAuditLastID = `SELECT COALESCE(max(id), 0) FROM audit_log`

// auditHorizon is an id, and the writers whose end makes all ids up to it settled.
// Ids are given before the commit: a row may appear below one that is there.
type auditHorizon struct {
	id      int64
	writers map[string]bool
}

// settled gives the id up to which no row can appear any more; 0 while a writer
// of an earlier call goes on. That call's horizon is kept till then: one that
// moved with each call would never be reached.
func (s *AuditSealer) settled(ctx context.Context) (id int64, err error) {
	err = s.ledger.do(ctx, "audit_settled", func(ctx context.Context) error {
		// The order counts: a writer of an id below the last one holds its lock by the
		// time that the last one can be seen.
		if s.next.id == 0 {
			s.next.writers = nil
			if err := s.ledger.pool.QueryRow(ctx, sqlAuditLastID).Scan(&s.next.id); err != nil {
				return err
			}
		}
		id, err = s.look(ctx)
		return err
	})
	return id, err
}

// look gives the horizon once every writer that it waits for has ended.
func (s *AuditSealer) look(ctx context.Context) (int64, error) {
	now, prepared, err := s.writers(ctx)
	if err != nil {
		return 0, err
	}
	left := map[string]bool{}
	for w := range now {
		if s.next.writers == nil || s.next.writers[w] {
			left[w] = true
		}
	}
	s.next.writers = left
	if len(left) > 0 || prepared {
		return 0, nil
	}
	id := s.next.id
	s.next = auditHorizon{}
	return id, nil
}

func (s *AuditSealer) writers(ctx context.Context) (now map[string]bool, prepared bool, err error) {
	rows, err := s.ledger.pool.Query(ctx, sqlAuditWriters)
	if err != nil {
		return nil, false, err
	}
	now = map[string]bool{}
	var name string
	var without bool
	_, err = pgx.ForEachRow(rows, []any{&name, &without}, func() error {
		now[name] = true
		prepared = prepared || without
		return nil
	})
	return now, prepared, err
}
