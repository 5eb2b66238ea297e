package ledger_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// swap makes two rows change places.
const swap = `
CREATE TEMP TABLE kept AS SELECT * FROM audit_log WHERE id IN (A, B);
DELETE FROM audit_log WHERE id IN (A, B);
INSERT INTO audit_log OVERRIDING SYSTEM VALUE
SELECT A + B - id, at, actor, action, namespace, object, attempt, inputs_digest, detail FROM kept`

// forge makes a block consistent in itself after its rows were changed, as one
// would who knows the encoding: the digest of another block will do here.
const forge = `UPDATE audit_blocks SET digest = sha256('forged') WHERE number = `

// TestTamperingIsFound does to a chain of three blocks, ids 1 to 9, what a
// superuser can.
func TestTamperingIsFound(t *testing.T) {
	tests := []struct {
		reason, sql string
		want        []string
	}{
		{"a row was changed", `UPDATE audit_log SET actor = 'bob' WHERE id = 5`, []string{"block 2: changed row 5"}},
		{"a time was moved by a microsecond", `UPDATE audit_log SET at = at + interval '1 microsecond' WHERE id = 5`, []string{"block 2: changed row 5"}},
		{"a time is none", `UPDATE audit_log SET at = 'infinity' WHERE id = 5`, []string{"block 2: changed row 5"}},
		{"a detail was changed", `UPDATE audit_log SET detail = detail || '{"totalCents": "1"}' WHERE id = 1`, []string{"block 1: changed row 1"}},
		{"text was moved from one column into the next", `UPDATE audit_log SET actor = 'controllerr', action = 'eserve' WHERE id = 4`, []string{"block 2: changed row 4"}},
		{"a row was removed", `DELETE FROM audit_log WHERE id = 5`, []string{"block 2: missing row 5"}},
		{"the first row was removed", `DELETE FROM audit_log WHERE id = 1`, []string{"block 1: missing row 1"}},
		{"rows were swapped", swapped("4", "6"), []string{"block 2: swapped rows 4 and 6"}},
		{"rows were swapped between blocks", swapped("2", "9"), []string{"block 1: swapped rows 2 and 9"}},
		{"a row was inserted before all others", insertAt("-7"), []string{"block 1: added row -7"}},
		{"a row was inserted in the middle", `DELETE FROM audit_log WHERE id = 5; ` + insertAt("5"), []string{"block 2: changed row 5"}},
		{"the tail was cut off, blocks and rows", `DELETE FROM audit_log WHERE id > 6; DELETE FROM audit_blocks WHERE number > 2`, []string{"block 3: truncated tail"}},
		{"everything was cut off", `TRUNCATE audit_log, audit_blocks`, []string{"block 1: truncated tail"}},
		{"a block was removed", `DELETE FROM audit_blocks WHERE number = 2`, []string{"block 2: missing block"}},
		{"a block was removed with its rows", `DELETE FROM audit_blocks WHERE number = 2; DELETE FROM audit_log WHERE id BETWEEN 4 AND 6`, []string{"block 2: missing block"}},
		{"the first block was removed", `DELETE FROM audit_blocks WHERE number = 1`, []string{"block 1: missing block"}},
		{"the time of a block was edited", `UPDATE audit_blocks SET sealed_at = sealed_at - interval '1 hour' WHERE number = 2`, []string{"block 2: edited block"}},
		{"a block forgot a row, and the row went", `DELETE FROM audit_log WHERE id = 5; UPDATE audit_blocks SET rows = 2, row_ids = '{4,6}', ` +
			`row_digests = substr(row_digests, 1, 32) || substr(row_digests, 65, 32) WHERE number = 2`, []string{"block 2: edited block"}},
		{"a block has another digest", forge + `2`, []string{"block 2: edited block", "block 3: broken link"}},
		{"the head has another digest", forge + `3`, []string{"block 3: edited block", "block 3: other than the anchored head"}},
		{"a block names another predecessor", `UPDATE audit_blocks SET previous_digest = sha256('x') WHERE number = 2`, []string{"block 2: broken link", "block 2: edited block"}},
		{"a block claims another encoding", `UPDATE audit_blocks SET format = 9 WHERE number = 3`, []string{"block 3: unknown format"}},
		{"nothing was done", `SELECT 1`, nil},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := chained(t)
			anchor := d.head()
			d.must(d.tamper(tc.sql))
			r := d.verified(&anchor)
			if diff := cmp.Diff(tc.want, findings(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAGapIsNoPlaceForARow leaves an id unused, as a transaction does that is
// rolled back, and fills it later.
func TestAGapIsNoPlaceForARow(t *testing.T) {
	d := newDB(t)
	d.audited("reserve")
	value[int64](d, `SELECT nextval(pg_get_serial_sequence('audit_log', 'id'))`)
	d.audited("settle")
	d.sealed()
	if r := d.verified(nil); !r.Sound() || r.Rows != 2 {
		t.Fatalf("with a gap: %+v", r)
	}
	d.must(d.tamper(insertAt("2")))
	if diff := cmp.Diff([]string{"block 1: added row 2"}, findings(d.verified(nil))); diff != "" {
		t.Error(diff)
	}
}

// TestARewrittenChainIsFoundByTheAnchorAlone seals a changed trail anew: it is
// sound in itself.
func TestARewrittenChainIsFoundByTheAnchorAlone(t *testing.T) {
	d := chained(t)
	anchor := d.head()
	d.must(d.tamper(`DELETE FROM audit_blocks; DELETE FROM audit_log WHERE id = 5`))
	d.sealed()
	d.audited("settle")
	d.sealed()
	d.audited("settle")
	d.sealed()
	if r := d.verified(nil); !r.Sound() {
		t.Fatalf("%v", findings(r))
	}
	if diff := cmp.Diff([]string{"block 3: other than the anchored head"}, findings(d.verified(&anchor))); diff != "" {
		t.Error(diff)
	}
	if holds, err := d.HoldsAuditHead(t.Context(), anchor); holds || err != nil {
		t.Errorf("holds the head of before: %v, %v", holds, err)
	}
}

// TestTheChainDependsOnNoOtherTable empties what the trail may not depend
// on.
func TestTheChainDependsOnNoOtherTable(t *testing.T) {
	d := newDB(t)
	d.mustReserve(reservation(1, 1))
	d.must(d.Settle(t.Context(), settlement(1, 1)))
	d.audited("settle")
	d.sealed()
	head := d.head()
	d.must(d.exec(`UPDATE order_identities SET record = NULL; UPDATE zma_cost_tracking SET customer_id = 'erased';
DELETE FROM order_items; DELETE FROM orders; DELETE FROM email_outbox; DELETE FROM order_recovery_logs; DELETE FROM webhook_deliveries`))
	if r := d.verified(&head); !r.Sound() || r.Rows < 2 {
		t.Errorf("%+v", r)
	}
}

func swapped(a, b string) string {
	return strings.NewReplacer("A + B", a+" + "+b, "(A, B)", "("+a+", "+b+")").Replace(swap)
}

func insertAt(id string) string {
	return `INSERT INTO audit_log (id, at, actor, action, namespace, object, attempt, inputs_digest, detail)
OVERRIDING SYSTEM VALUE VALUES (` + id + `, now(), 'bob', 'settle', 'shop', 'zo-1', 0, '', '{}')`
}

func findings(r ledger.AuditReport) (out []string) {
	for _, f := range r.Findings {
		out = append(out, f.String())
	}
	return out
}
