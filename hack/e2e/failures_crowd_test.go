package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// twoSweeps gives two operators, neither of which knows of the other, orders
// whose calls have no answer: each wants to repeat each of them.
func twoSweeps(s *scene) {
	s.sim.AddFault(zmasim.Fault{Method: "GET", PathPrefix: "/v1/orders", Kind: zmasim.ListingLag, Delay: time.Hour})
	intents := s.watchIntents()
	var names []string
	for i := range 8 {
		id := fmt.Sprintf("n03-%d", i)
		s.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Identity: s.identity(id), Kind: zmasim.DropAfter, Times: 2})
		names = append(names, s.buy(id, zmasim.ProductOK))
	}
	for i, name := range names {
		id := fmt.Sprintf("n03-%d", i)
		s.waitFor(name, "Ready", isReady)
		s.check(s.boughtOnce(id))
		s.check(s.accountedOnce(id))
		s.sameCalls(name, id, intents)
	}
	s.bothWorked(names)
	if locks, err := s.count("select count(*) from pg_locks join pg_database d on d.oid = database where locktype = 'advisory' and datname = current_database()"); err != nil || locks != 0 {
		s.t.Errorf("%d session locks are held: %v", locks, err)
	}
}

// sameCalls checks the paid calls of an order: all alike to the byte, and each made
// on an intent of its own, which no late outcome has taken back.
func (s *scene) sameCalls(name, id string, intents *intents) {
	s.t.Helper()
	bodies, calls := s.wire.sentFor(s.t, s.identity(id))
	s.check(identical(bodies))
	o, err := s.order(name)
	s.must(err)
	n, stored, counted := int64(len(calls)), intents.of(name), o.Status.Submission.Sends
	if n > stored || n > counted || n == 0 {
		s.t.Errorf("%s: %d paid calls on %d intents, of which the order has counted %d", id, n, stored, counted)
	}
}

// bothWorked checks that either operator has taken part in the orders: else nothing
// would be shown.
func (s *scene) bothWorked(names []string) {
	s.t.Helper()
	for _, path := range s.house.logs {
		raw, err := os.ReadFile(path)
		s.must(err)
		seen := 0
		for _, name := range names {
			if strings.Contains(string(raw), name) {
				seen++
			}
		}
		if seen == 0 {
			s.t.Errorf("the operator of %s has seen none of the orders", path)
		}
	}
}

// everyTrigger delivers one order to two endpoints many times at once, and lets
// callbacks, requests by hand and edits rain on it.
func everyTrigger(s *scene) {
	intents := s.watchIntents()
	order := shop.NewOrder("n04", item(zmasim.ProductOK))
	name := s.deliverAtOnce(order, 12)
	urls := s.callbackURLs(s.identity("n04"), 1)
	var rain sync.WaitGroup
	for range 8 {
		for _, u := range urls {
			rain.Go(func() {
				if status := s.genuine(u, `{}`); status != 200 {
					s.t.Errorf("a genuine callback is answered %d", status)
				}
			})
		}
	}
	for i := range 4 {
		s.ask(name, fmt.Sprintf("now@%d", i))
		s.changeOrder(name, func(o *v1alpha1.ZMAOrder) { o.Labels = map[string]string{"touched": fmt.Sprint(i)} })
	}
	rain.Wait()
	s.waitFor(name, "Ready", isReady)
	s.deliverAtOnce(order, 4)
	s.check(s.boughtOnce("n04"))
	s.check(s.accountedOnce("n04"))
	s.sameCalls(name, "n04", intents)
	s.bothWorked([]string{name})
}

// deliverAtOnce delivers an order to all endpoints at the same time. All answers name
// the same order, and at most one says that it is new.
func (s *scene) deliverAtOnce(order *shop.Order, times int) string {
	s.t.Helper()
	answers := make([]shop.Answer, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			sender := *s.sender
			sender.URL = strings.Replace(sender.URL, "http://"+s.house.address, s.house.operators[i%len(s.house.operators)].WebhookURL(), 1)
			answer, err := sender.Send(context.Background(), fmt.Sprintf("msg-%d", i), order.JSON())
			s.check(err)
			answers[i] = answer
		})
	}
	all.Wait()
	fresh := 0
	for _, a := range answers {
		if a.Status == 202 {
			fresh++
		}
		if a.Status/100 != 2 || a.Order() == "" || a.Order() != answers[0].Order() {
			s.t.Fatalf("a delivery was answered %d %s", a.Status, a.Body)
		}
	}
	if fresh > 1 {
		s.t.Errorf("%d deliveries were answered as new", fresh)
	}
	return answers[0].Order()
}
