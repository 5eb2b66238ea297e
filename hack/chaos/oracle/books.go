package oracle

import "github.com/zma-operator/zma-operator/hack/zmasim"

// books is the evidence, sorted by order.
type books struct {
	Evidence
	purchases map[string][]zmasim.Purchase
	calls     map[string][]zmasim.Request // paid calls
	keys      map[string][]string         // distinct, in the order of first sight
	balance   map[string]int64            // sum of movements by request ID, in cents
}

func open(e Evidence) *books {
	b := &books{
		Evidence: e, purchases: map[string][]zmasim.Purchase{}, calls: map[string][]zmasim.Request{},
		keys: map[string][]string{}, balance: map[string]int64{},
	}
	for _, p := range e.Record.Purchases {
		b.purchases[p.Identity] = append(b.purchases[p.Identity], p)
	}
	seen := map[[2]string]bool{}
	for _, q := range e.Record.Requests {
		if !isPaidCall(q) {
			continue
		}
		b.calls[q.Identity] = append(b.calls[q.Identity], q)
		if name := [2]string{q.Identity, q.Key}; !seen[name] {
			seen[name] = true
			b.keys[q.Identity] = append(b.keys[q.Identity], q.Key)
		}
	}
	for _, m := range e.Movements {
		b.balance[m.RequestID] += m.Cents
	}
	return b
}
