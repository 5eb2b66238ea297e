package oracle_test

import (
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func TestWhatWentAsItShouldIsLeftAlone(t *testing.T) {
	once := failing("product_unavailable")
	once.Behaviour = oracle.FailsOnce
	for name, c := range map[string]struct {
		script   oracle.Script
		evidence oracle.Evidence
	}{
		"bought":                     {one(), good()},
		"refused":                    {failing("product_unavailable"), refused()},
		"refused, and never retried": {once, refused()},
		"cancelled after placement":  {cancelledOrder(), paidBack()},
	} {
		if found := oracle.Judge([]oracle.Script{c.script}, c.evidence); len(found) != 0 {
			t.Errorf("%s: %v", name, found[0])
		}
	}
}

// wrong is a defect in the evidence, and a word of what has to be said of it.
type wrong struct {
	why   string
	spoil func(*oracle.Evidence)
	said  string
}

// judgeAll spoils good evidence in each way and expects each to be found.
func judgeAll(t *testing.T, script oracle.Script, fresh func() oracle.Evidence, cases []wrong) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			e := fresh()
			c.spoil(&e)
			found := oracle.Judge([]oracle.Script{script}, e)
			if len(found) == 0 {
				t.Fatal("not found")
			}
			if said := found[0].Error(); !strings.Contains(said, c.said) {
				t.Errorf("it says %q, want %q in it", said, c.said)
			}
		})
	}
}

func TestEachDefectOfABoughtOrderIsFound(t *testing.T) {
	one := one()
	judgeAll(t, one, good, []wrong{
		{"bought twice", func(e *oracle.Evidence) {
			e.Record.Purchases = append(e.Record.Purchases, zmasim.Purchase{RequestID: "r2", Key: key2, Identity: identity, Attempt: 2, TotalCents: total})
		}, "bought 2 times"},
		{"not bought, though Placed", func(e *oracle.Evidence) { e.Record.Purchases = nil }, "bought 0 times"},
		{"one attempt under two keys", func(e *oracle.Evidence) {
			e.Record.Requests = append(e.Record.Requests, call(key2, 1, "sum-1"))
		}, "under two keys"},
		{"one key for two attempts", func(e *oracle.Evidence) {
			e.Record.Requests = append(e.Record.Requests, call(key1, 2, "sum-1"))
		}, "for the attempts 1 and 2"},
		{"another body under the same key", func(e *oracle.Evidence) {
			e.Record.Requests = append(e.Record.Requests, call(key1, 1, "sum-2"))
		}, "two bodies"},
		{"an attempt that was not needed", func(e *oracle.Evidence) {
			e.Record.Requests = append([]zmasim.Request{call(key2, 2, "sum-2")}, e.Record.Requests...)
			e.Attempts[id] = append(e.Attempts[id], oracle.Attempt{Number: 2, Key: key2, State: "released", CostState: "released", Account: "main"})
		}, "2 keys were sent"},
		{"a key that the ledger does not know", func(e *oracle.Evidence) { e.Attempts[id][0].Key = key2 }, "the ledger has \"key-2\""},
		{"a call without a key", func(e *oracle.Evidence) { e.Record.Requests[0].Key = "" }, "had the key \"\""},
		{"lost", func(e *oracle.Evidence) { delete(e.Orders, id) }, "lost"},
		{"still under way", func(e *oracle.Evidence) { e.Orders[id] = oracle.Order{Reason: "Processing", Reconciling: true} }, "none of those predicted"},
		{"stalled by a fault that heals", func(e *oracle.Evidence) {
			e.Orders[id] = oracle.Order{Reason: "SubmissionOutcomeUnknown", Stalled: true}
		}, "none of those predicted"},
		{"two conditions at once", func(e *oracle.Evidence) {
			o := e.Orders[id]
			o.Reconciling = true
			e.Orders[id] = o
		}, "want Ready"},
		{"another purchase than its own", func(e *oracle.Evidence) {
			o := e.Orders[id]
			o.RequestID = "r9"
			e.Orders[id] = o
		}, "names request r9"},
		{"somebody else's order", func(e *oracle.Evidence) {
			q := call(key2, 1, "sum")
			q.Identity = "ns/web/9999"
			e.Record.Requests = append(e.Record.Requests, q)
		}, "nobody ordered"},
		{"a cancellation that nobody asked for", func(e *oracle.Evidence) {
			o := e.Orders[id]
			o.CancelAnswer = "CancellationRefused"
			e.Orders[id] = o
		}, "cancelled is false"},
	})
}

func TestEachDefectOfTheBooksIsFound(t *testing.T) {
	cents := total + 1
	judgeAll(t, one(), good, []wrong{
		{"a cent too much in the ledger", func(e *oracle.Evidence) { e.Attempts[id][0].TotalCents++ }, "the provider 2375"},
		{"a refund that never came", func(e *oracle.Evidence) { e.Attempts[id][0].RefundedCents = 5 }, "has spent 2370"},
		{"a refund that the ledger missed", func(e *oracle.Evidence) {
			e.Movements = append(e.Movements, oracle.Movement{RequestID: "r1", Cents: 100})
		}, "the provider 2275"},
		{"money still held", func(e *oracle.Evidence) {
			e.Attempts[id] = append(e.Attempts[id], oracle.Attempt{Number: 2, Key: key2, State: "reserved", CostState: "reserved", Account: "main"})
		}, "still reserved"},
		{"settled twice", func(e *oracle.Evidence) {
			a := e.Attempts[id][0]
			a.Number, a.Key = 2, key2
			e.Attempts[id] = append(e.Attempts[id], a)
		}, "2 settlements of 1 purchases"},
		{"not settled", func(e *oracle.Evidence) { e.Attempts[id] = nil }, "the ledger has \"\""},
		{"attempt and cost disagree", func(e *oracle.Evidence) { e.Attempts[id][0].CostState = "reserved" }, "its cost reserved"},
		{"on another account", func(e *oracle.Evidence) { e.Attempts[id][0].Account = "second" }, "the account \"second\""},
		{"not mirrored", func(e *oracle.Evidence) { delete(e.Mirrors, id) }, "not mirrored"},
		{"mirrored in an old state", func(e *oracle.Evidence) {
			e.Mirrors[id] = oracle.Mirror{Reason: "Processing", ActualCents: e.Mirrors[id].ActualCents}
		}, "the mirror says Processing"},
		{"a cent too much in the mirror", func(e *oracle.Evidence) {
			e.Mirrors[id] = oracle.Mirror{Reason: "Placed", ActualCents: &cents}
		}, "actual total of 2376"},
		{"no cost in the mirror", func(e *oracle.Evidence) { e.Mirrors[id] = oracle.Mirror{Reason: "Placed"} }, "actual total of no cents"},
		{"two mails of a kind", func(e *oracle.Evidence) {
			e.Outbox = append(e.Outbox, oracle.Mail{ID: id, Kind: "confirmation", MessageID: "<2@shop>"})
		}, "2 different mails"},
		{"a mail that is in no outbox", func(e *oracle.Evidence) { e.MailsSeen = append(e.MailsSeen, "<3@shop>") }, "<3@shop>"},
		{"a mail that was given up", func(e *oracle.Evidence) { e.Outbox[0].Dead = true }, "was given up"},
		{"no mail", func(e *oracle.Evidence) { e.Outbox, e.MailsSeen = nil, nil }, "nobody is told"},
	})
}

func TestEachDefectOfARefusedOrderIsFound(t *testing.T) {
	judgeAll(t, failing("product_unavailable"), refused, []wrong{
		{"bought after all", func(e *oracle.Evidence) {
			e.Record.Purchases = []zmasim.Purchase{{RequestID: "r1", Key: key1, Identity: identity, Attempt: 1, TotalCents: total}}
		}, "but it was bought"},
		{"money still held", func(e *oracle.Evidence) {
			e.Attempts[id][0].State, e.Attempts[id][0].CostState = "reserved", "reserved"
		}, "still reserved"},
		{"taken for one that a person decides", func(e *oracle.Evidence) {
			e.Orders[id] = oracle.Order{Reason: "NeedsDecision", Stalled: true}
		}, "none of those predicted"},
		{"taken for one that may pass", func(e *oracle.Evidence) {
			e.Orders[id] = oracle.Order{Reason: "RetryScheduled", Reconciling: true}
		}, "none of those predicted"},
	})
}

func TestEachDefectOfACancelledOrderIsFound(t *testing.T) {
	judgeAll(t, cancelledOrder(), paidBack, []wrong{
		{"said to be cancelled, and kept", func(e *oracle.Evidence) {
			e.Record.Purchases[0].Cancelled = false
			e.Movements = e.Movements[:1]
			e.Attempts[id][0].RefundedCents = 0
		}, "cancelled is false"},
		{"the refund is not recorded", func(e *oracle.Evidence) { e.Attempts[id][0].RefundedCents = 0 }, "has spent 2375 cents, the provider 0"},
		{"said to be cancelled before, and bought", func(e *oracle.Evidence) {
			e.Orders[id] = oracle.Order{Reason: "Cancelled", Stalled: true}
		}, "but it was bought"},
		{"no answer to who asked", func(e *oracle.Evidence) {
			*e = good()
		}, "with the answer \"\""},
	})
}
