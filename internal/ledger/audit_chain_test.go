package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// audited appends rows to the trail, one per action.
func (d *db) audited(actions ...string) {
	d.t.Helper()
	for i, a := range actions {
		d.must(d.Audit(d.t.Context(), ledger.AuditEntry{
			Actor: "controller", Action: a, Namespace: "shop", Object: fmt.Sprintf("zo-%d", i), Attempt: int64(i),
			InputsDigest: "ab", Detail: map[string]string{"reason": a, "über": "“x”\n"},
		}))
	}
}

// sealed seals what is there, in one block.
func (d *db) sealed() ledger.SealedBlocks {
	d.t.Helper()
	got, err := d.NewAuditSealer().Seal(d.t.Context())
	d.must(err)
	return got
}

func (d *db) verified(anchor *ledger.AuditHead) ledger.AuditReport {
	d.t.Helper()
	r, err := d.VerifyAudit(d.t.Context(), anchor)
	d.must(err)
	return r
}

func (d *db) head() ledger.AuditHead {
	d.t.Helper()
	h, err := d.AuditHead(d.t.Context())
	d.must(err)
	return h
}

// chained is a database with three blocks of three rows: ids 1 to 9.
func chained(t *testing.T) *db {
	t.Helper()
	d := newDB(t)
	for range 3 {
		d.audited("reserve", "settle", "refund")
		d.sealed()
		d.clock.add(time.Minute)
	}
	return d
}

func TestEverySealedRowIsInTheChainAndTheRestIsCounted(t *testing.T) {
	d := chained(t)
	if got := d.sealed(); got != (ledger.SealedBlocks{}) {
		t.Errorf("with nothing to seal: %+v", got)
	}
	d.audited("late", "later")
	head := d.head()
	want := ledger.AuditReport{Head: head, Blocks: 3, Rows: 9, Unsealed: 2, OldestUnsealed: ptr(d.clock.now())}
	if diff := cmp.Diff(want, d.verified(&head)); diff != "" {
		t.Error(diff)
	}
	if head.Block != 3 || head.LastID != 9 || head.Rows != 3 {
		t.Errorf("head %+v", head)
	}
	if holds, err := d.HoldsAuditHead(t.Context(), head); !holds || err != nil {
		t.Errorf("holds its own head: %v, %v", holds, err)
	}
}

func TestAnEmptyTrailIsSound(t *testing.T) {
	d := newDB(t)
	if got := d.sealed(); got != (ledger.SealedBlocks{}) {
		t.Errorf("sealed %+v", got)
	}
	if diff := cmp.Diff(ledger.AuditReport{}, d.verified(&ledger.AuditHead{})); diff != "" {
		t.Error(diff)
	}
}

// TestARowThatIsCommittedLateIsSealedToo holds a transaction open that has the
// lower id, while one with a higher id is committed.
func TestARowThatIsCommittedLateIsSealedToo(t *testing.T) {
	d := newDB(t)
	conn := connect(t, d.url)
	tx, err := conn.Begin(t.Context())
	d.must(err)
	const insert = `INSERT INTO audit_log (at, actor, action, namespace, object, attempt, inputs_digest, detail)
VALUES (now(), 'ann', 'late', 'shop', 'zo', 0, '', '{}')`
	_, err = tx.Exec(t.Context(), insert)
	d.must(err)
	d.audited("early")
	s := d.NewAuditSealer()
	for range 3 {
		got, err := s.Seal(t.Context())
		if err != nil || got.Blocks != 0 || got.OldestUnsealed.IsZero() {
			t.Fatalf("while a lower id is open it sealed %+v, %v", got, err)
		}
	}
	d.must(tx.Commit(t.Context()))
	for range 2 {
		_, err = s.Seal(t.Context())
		d.must(err)
	}
	if got := value[string](d, `SELECT string_agg(row_ids::text, ' ') FROM audit_blocks`); got != "{1,2}" {
		t.Errorf("sealed %s, want {1,2}", got)
	}
	if r := d.verified(nil); !r.Sound() || r.Unsealed != 0 {
		t.Errorf("%+v", r)
	}
}

func TestAWriterThatNeverPausesDoesNotHoldTheSealerUp(t *testing.T) {
	d := newDB(t)
	s := d.NewAuditSealer()
	conns := []func(string){}
	for range 2 {
		c := connect(t, d.url)
		conns = append(conns, func(sql string) {
			if _, err := c.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		})
	}
	const insert = `BEGIN; INSERT INTO audit_log (at, actor, action, namespace, object, attempt, inputs_digest, detail)
VALUES (now(), 'ann', 'x', 'shop', 'zo', 0, '', '{}')`
	conns[0](insert)
	for i := range 6 {
		conns[(i+1)%2](insert)
		conns[i%2](`COMMIT`)
		_, err := s.Seal(t.Context())
		d.must(err)
	}
	if n := value[int64](d, `SELECT COALESCE(sum(rows), 0) FROM audit_blocks`); n < 4 {
		t.Errorf("sealed %d rows of a trail that is always written to", n)
	}
}

func TestManyWritersAndSealersMakeOneChainOfEveryRow(t *testing.T) {
	d := newDB(t)
	const writers, rows = 6, 200
	ctx, stop := context.WithCancel(t.Context())
	errs := make([]error, writers+2)
	var sealing, writing sync.WaitGroup
	for i := range 2 {
		sealing.Go(func() {
			for s := d.NewAuditSealer(); ctx.Err() == nil && errs[writers+i] == nil; {
				_, errs[writers+i] = s.Seal(t.Context())
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for range rows {
				errs[w] = errors.Join(errs[w], d.Audit(t.Context(), ledger.AuditEntry{Action: "a"}, ledger.AuditEntry{Action: "b"}))
			}
		})
	}
	writing.Wait()
	stop()
	sealing.Wait()
	d.must(errors.Join(errs...))
	d.sealed()
	const total = writers * rows * 2
	if got := value[string](d, `SELECT concat_ws(' ', count(*), count(DISTINCT id)) FROM audit_blocks, unnest(row_ids) id`); got != fmt.Sprintf("%d %d", total, total) {
		t.Errorf("%s ids in blocks, want each of %d once", got, total)
	}
	head := d.head()
	if r := d.verified(&head); !r.Sound() || r.Rows != total || r.Unsealed != 0 {
		t.Errorf("%+v", r)
	}
	if head.Block < 3 {
		t.Errorf("only %d blocks: nothing was sealed while rows were written", head.Block)
	}
}

func TestTheChainCanNotFork(t *testing.T) {
	d := chained(t)
	fork := `INSERT INTO audit_blocks SELECT 4, format, 10, 10, 1, '{10}', substr(row_digests, 1, 32), previous_digest, sha256('x'), now() FROM audit_blocks WHERE number = 3`
	if err := d.exec(fork); err == nil {
		t.Error("two blocks follow one")
	}
	for _, sql := range []string{`UPDATE audit_blocks SET rows = rows`, `DELETE FROM audit_blocks`, `TRUNCATE audit_blocks`} {
		if err := d.exec(sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}

func TestABlockIsBoundedAndATrailNeedNotFitIntoOne(t *testing.T) {
	d := newDB(t)
	d.must(d.exec(`INSERT INTO audit_log (at, actor, action, namespace, object, attempt, inputs_digest, detail)
SELECT '2026-03-14 12:00Z', 'ann', 'x', 'shop', 'zo-' || n, 0, '', '{}' FROM generate_series(1, 25500) n`))
	if got := d.sealed(); got.Blocks != 26 || got.Rows != 25500 {
		t.Errorf("%+v", got)
	}
	d.must(d.tamper(`DELETE FROM audit_log WHERE id BETWEEN 20001 AND 21500`))
	r := d.verified(nil)
	if r.Rows != 24000 || len(r.Findings) != 1000 || r.MoreFindings != 500 || r.Findings[0].String() != "block 21: missing row 20001" {
		t.Errorf("%d rows, %d findings and %d more, first %v", r.Rows, len(r.Findings), r.MoreFindings, r.Findings[0])
	}
}

// tamper does as a superuser what the trigger refuses.
func (d *db) tamper(sql string) error {
	return d.exec(`SET session_replication_role = replica; ` + sql)
}
