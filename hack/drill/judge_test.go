package drill

import (
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// good is the evidence of one order that was bought, and of one that was cancelled
// before.
func good() ([]Order, Evidence) {
	orders := []Order{
		{ID: "a", Identity: "ns/web/a", Want: Want{Purchases: 1, Keys: 1, Reasons: []string{"Delivered"}}},
		{ID: "b", Identity: "ns/web/b", Want: Want{Reasons: []string{"Cancelled"}}},
	}
	return orders, Evidence{
		Record: zmasim.Record{
			Requests:  []zmasim.Request{{Method: "POST", Path: "/v1/orders", Key: "k1", Identity: "ns/web/a"}},
			Purchases: []zmasim.Purchase{{RequestID: "r1", Key: "k1", Identity: "ns/web/a", TotalCents: 1000}},
		},
		Cluster: map[string]Seen{"a": {"Delivered", "r1"}, "b": {Reason: "Cancelled"}},
		Ledger:  map[string]Money{"a": {Settled: 1000}},
	}
}

func TestTheJudgeNoticesEachWrong(t *testing.T) {
	t.Parallel()
	if err := Judge(good()); err != nil {
		t.Fatalf("nothing is wrong, and it says: %v", err)
	}
	again := zmasim.Purchase{RequestID: "r2", Key: "k2", Identity: "ns/web/a", TotalCents: 1000}
	for want, spoil := range map[string]func(*Evidence){
		"a: bought 2 times, want 1": func(e *Evidence) { e.Record.Purchases = append(e.Record.Purchases, again) },
		"a: bought 0 times, want 1": func(e *Evidence) { e.Record.Purchases = nil },
		"b: bought 1 times, want 0": func(e *Evidence) { e.Record.Purchases[0].Identity = "ns/web/b" },
		"which nobody ordered":      func(e *Evidence) { e.Record.Purchases[0].Identity = "ns/web/c" },
		"a: 2 keys were sent, want at most 1": func(e *Evidence) {
			e.Record.Requests = append(e.Record.Requests, zmasim.Request{Method: "POST", Path: "/v1/orders", Key: "k2", Identity: "ns/web/a"})
		},
		"b: the cluster does not have it":                     func(e *Evidence) { delete(e.Cluster, "b") },
		`a: it is "Placed"`:                                   func(e *Evidence) { e.Cluster["a"] = Seen{"Placed", "r1"} },
		`a: it follows request "r2"`:                          func(e *Evidence) { e.Cluster["a"] = Seen{"Delivered", "r2"} },
		"a: the ledger has {Settled:999":                      func(e *Evidence) { e.Ledger["a"] = Money{Settled: 999} },
		"b: the ledger has {Settled:0 Refunded:0 Reserved:1}": func(e *Evidence) { e.Ledger["b"] = Money{Reserved: 1} },
		"the books differ":                                    func(e *Evidence) { e.Differences = []ledger.Difference{{Account: "main"}} },
	} {
		orders, e := good()
		spoil(&e)
		if err := Judge(orders, e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	orders, e := good()
	orders[0].Want.Returned = true
	if err := Judge(orders, e); err == nil || !strings.Contains(err.Error(), "0 of 1000 cents came back") {
		t.Errorf("a refund that is missing: got %v", err)
	}
}
