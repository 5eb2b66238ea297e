package oracle_test

import (
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// The order of the tests: bought once in one attempt.
const (
	id       = "1001"
	identity = "ns/web/1001"
	key1     = "key-1"
	key2     = "key-2"
	total    = int64(2375)
)

// one is the script of a plain order.
func one() oracle.Script {
	return oracle.Script{ID: id, Identity: identity, Account: "main", Product: "B000000001", Behaviour: oracle.Buys}
}

func failing(code string) oracle.Script {
	s := one()
	s.Behaviour, s.Code = oracle.Fails, code
	return s
}

func cancelledOrder() oracle.Script {
	s := one()
	s.CancelAfter = time.Second
	return s
}

// good is the evidence of an order that was bought as it should be.
func good() oracle.Evidence {
	cents := total
	return oracle.Evidence{
		Record: zmasim.Record{
			Requests:  []zmasim.Request{call(key1, 1, "sum-1"), {Method: "GET", Path: "/v1/orders/r1", RequestID: "r1", Status: 200}},
			Purchases: []zmasim.Purchase{{RequestID: "r1", Key: key1, Identity: identity, Attempt: 1, TotalCents: total}},
		},
		Movements: []oracle.Movement{{RequestID: "r1", Cents: -total}},
		Orders:    map[string]oracle.Order{id: {Reason: "Placed", Ready: true, Attempt: 1, Key: key1, RequestID: "r1"}},
		Attempts:  map[string][]oracle.Attempt{id: {{Number: 1, Key: key1, State: "settled", CostState: "settled", TotalCents: total, Account: "main"}}},
		Mirrors:   map[string]oracle.Mirror{id: {Reason: "Placed", ActualCents: &cents}},
		Outbox:    []oracle.Mail{{ID: id, Kind: "confirmation", MessageID: "<1@shop>"}},
		MailsSeen: []string{"<1@shop>"},
	}
}

// refused is the evidence of an order that the provider refused for good.
func refused() oracle.Evidence {
	e := good()
	e.Record.Purchases, e.Movements, e.Outbox, e.MailsSeen = nil, nil, nil, nil
	e.Orders[id] = oracle.Order{Reason: "Rejected", Stalled: true, Attempt: 1, Key: key1, RequestID: "r1"}
	e.Attempts[id] = []oracle.Attempt{{Number: 1, Key: key1, State: "released", CostState: "released", Account: "main"}}
	e.Mirrors[id] = oracle.Mirror{Reason: "Rejected"}
	return e
}

// paidBack is the evidence of an order that was cancelled after its placement.
func paidBack() oracle.Evidence {
	e := good()
	e.Record.Purchases[0].Cancelled = true
	e.Movements = append(e.Movements, oracle.Movement{RequestID: "r1", Cents: total})
	e.Orders[id] = oracle.Order{Reason: "CancelledAfterPlacement", Stalled: true, Attempt: 1, Key: key1, RequestID: "r1", CancelAnswer: "Succeeded"}
	e.Attempts[id][0].RefundedCents = total
	e.Mirrors[id] = oracle.Mirror{Reason: "CancelledAfterPlacement", ActualCents: e.Mirrors[id].ActualCents}
	return e
}

func call(key string, attempt int64, sum string) zmasim.Request {
	return zmasim.Request{Method: "POST", Path: "/v1/orders", Key: key, Identity: identity, Attempt: attempt, RequestID: "r1", Status: 200, BodySHA256: sum}
}
