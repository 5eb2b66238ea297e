package ledger_test

import (
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestARequestByHandIsOnRecordOnce(t *testing.T) {
	d := newDB(t)
	entry := ledger.RecoveryEntry{Identity: identity(1), Attempt: 1, Verb: "retry", Reason: "asked for by hand", Result: "done", Actor: "ada", StartedAt: noon}
	audit := ledger.AuditEntry{At: noon, Actor: "ada", Action: "order.recover", Namespace: "shop", Object: "zo-test"}
	for range 3 {
		d.must(d.RecordRequest(t.Context(), entry, "retry@1", audit))
	}
	entry.StartedAt = noon.Add(time.Second)
	d.must(d.RecordRequest(t.Context(), entry, "retry@1", audit))
	for table, want := range map[string]int64{"order_recovery_logs": 2, "audit_log": 2} {
		if n := value[int64](d, "SELECT count(*) FROM "+table); n != want {
			t.Errorf("%d rows in %s, want %d: one for each time that it was acted on", n, table, want)
		}
	}
	// What nobody asked for may happen twice at once.
	for range 2 {
		d.must(d.LogRecovery(t.Context(), entry))
	}
	if n := value[int64](d, "SELECT count(*) FROM order_recovery_logs"); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}
