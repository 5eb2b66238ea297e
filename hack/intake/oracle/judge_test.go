package oracle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

const (
	mine   = `{"mine":1}`
	theirs = `{"theirs":1}`
)

func at(seconds float64) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

func try(id string, sent float64, status int) oracle.Try {
	t := oracle.Try{RequestID: id, Echo: id, Replica: "a", Sent: at(sent), Answered: at(sent + .02), Status: status}
	switch status {
	case 202, 200:
		t.Order, t.Namespace = "zo-1", "shop"
	case 503, 429:
		t.RetryAfter = "2"
	}
	return t
}

// good is a run in which all went well: one order that was sent twice at once and
// once under another payload, and a forgery.
func good() oracle.Evidence {
	lost := try("r1", 10, 0)
	lost.Trouble = "reset"
	forged := try("r5", 12, 401)
	forged.Problem = "unauthenticated"
	return oracle.Evidence{
		Namespace: "shop",
		Deliveries: []oracle.Delivery{
			{Source: "web", ExternalID: "1", Content: mine, Tries: []oracle.Try{lost, try("r2", 11, 200)}},
			{Source: "web", ExternalID: "1", Content: mine, Tries: []oracle.Try{try("r3", 10.01, 202)}},
			{Source: "web", ExternalID: "1", Content: theirs, Tries: []oracle.Try{try("r4", 11, 409)}},
			{Source: "web", ExternalID: "2", Refusal: oracle.Refusal{Status: 401, Problem: "unauthenticated"}, Tries: []oracle.Try{try("r6", 11, 503), forged}},
		},
		Objects: []oracle.Object{{Name: "zo-1", Source: "web", ExternalID: "1", Created: at(10), Content: mine}},
		Rows: []oracle.Row{
			{RequestID: "r2", Order: "zo-1", Status: 200}, {RequestID: "r3", Order: "zo-1", Status: 202},
			{RequestID: "r4", Status: 409}, {RequestID: "r5", Status: 401}, {RequestID: "r6", Status: 503},
		},
		Limits: map[string]oracle.Limit{"web": {PerMinute: 60, Burst: 10, Replicas: 1}},
	}
}

func TestAGoodRunIsFoundGood(t *testing.T) {
	for _, v := range oracle.Judge(good()) {
		t.Error(v)
	}
}

func TestEveryBrokenPromiseIsFound(t *testing.T) {
	for reason, c := range map[string]struct {
		promise string
		spoil   func(*oracle.Evidence)
	}{
		"acknowledged and lost":           {"what is acknowledged exists", func(e *oracle.Evidence) { e.Objects = nil }},
		"valid and lost":                  {"every valid order exists once", func(e *oracle.Evidence) { e.Objects = nil }},
		"made twice":                      {"every valid order exists once", func(e *oracle.Evidence) { e.Objects = append(e.Objects, e.Objects[0]) }},
		"nobody's order":                  {"nothing else exists", func(e *oracle.Evidence) { e.Objects = append(e.Objects, oracle.Object{Name: "zo-3", ExternalID: "3"}) }},
		"an order for a forgery":          {"nothing else exists", func(e *oracle.Evidence) { e.Objects = append(e.Objects, oracle.Object{Source: "web", ExternalID: "2"}) }},
		"another content":                 {"an order is what was sent", func(e *oracle.Evidence) { e.Objects[0].Content = "{}" }},
		"two answers with 202":            {"an order is made once", func(e *oracle.Evidence) { e.Deliveries[0].Tries[1].Status = 202 }},
		"202 for an older order":          {"an order is made once", func(e *oracle.Evidence) { e.Objects[0].Created = at(9) }},
		"202 before the order was made":   {"what is acknowledged exists", func(e *oracle.Evidence) { e.Objects[0].Created = at(11) }},
		"200 for another payload":         {"an ID is used for one payload", func(e *oracle.Evidence) { e.Deliveries[2].Tries[0] = try("r4", 11, 200) }},
		"409 for the stored payload":      {"a conflict is one", func(e *oracle.Evidence) { e.Deliveries[0].Tries[1] = try("r2", 11, 409) }},
		"200 for what nobody sent before": {"a repetition is one", func(e *oracle.Evidence) { e.Deliveries[1].Tries[0] = try("r3", 9, 200) }},
		"a forgery that is taken":         {"what is not valid is refused", func(e *oracle.Evidence) { e.Deliveries[3].Tries[1] = try("r5", 12, 202) }},
		"a refusal for another reason":    {"what is not valid is refused", func(e *oracle.Evidence) { e.Deliveries[3].Tries[1].Problem = "card-data" }},
		"a valid one that is refused":     {"every valid delivery is taken", func(e *oracle.Evidence) { e.Deliveries[0].Tries[1] = try("r2", 11, 401) }},
		"an answer that is in no table":   {"only documented answers", func(e *oracle.Evidence) { e.Deliveries[0].Tries[0] = try("r1", 10, 500) }},
		"a sender that gave up":           {"every delivery ends", func(e *oracle.Evidence) { e.Deliveries[0].GaveUp = true }},
		"another name":                    {"the answer names the order", func(e *oracle.Evidence) { e.Deliveries[1].Tries[0].Order = "zo-9" }},
		"503 without Retry-After":         {"who has to wait is told how long", func(e *oracle.Evidence) { e.Deliveries[3].Tries[0].RetryAfter = "" }},
		"an answer of another request":    {"an answer has the request's ID", func(e *oracle.Evidence) { e.Deliveries[1].Tries[0].Echo = "r9" }},
		"an answer that takes too long":   {"every answer comes in time", func(e *oracle.Evidence) { e.Deliveries[3].Tries[0].Answered = at(30) }},
		"an answer without a row":         {"every answer is in the log", func(e *oracle.Evidence) { e.Rows = e.Rows[1:] }},
		"a row with another status":       {"the log tells what happened", func(e *oracle.Evidence) { e.Rows[0].Status = 202 }},
		"a row with another order":        {"the log tells what happened", func(e *oracle.Evidence) { e.Rows[0].Order = "" }},
		"a row of nothing":                {"the log tells what happened", func(e *oracle.Evidence) { e.Rows[0].RequestID = "r9" }},
		"an address in a log":             {"nothing private is logged", func(e *oracle.Evidence) { e.Leaks = []string{"a street"} }},
		"a limit that does not hold":      {"limits hold", func(e *oracle.Evidence) { e.Limits["web"] = oracle.Limit{PerMinute: 60, Replicas: 1} }},
	} {
		e := good()
		c.spoil(&e)
		if !holds(oracle.Judge(e), c.promise) {
			t.Errorf("%s: %q is not reported, only %v", reason, c.promise, oracle.Judge(e))
		}
	}
}

// TestLimitsAreJudgedOverEverySpan: a burst in the middle of calm is one too many.
func TestLimitsAreJudgedOverEverySpan(t *testing.T) {
	limit := oracle.Limit{PerMinute: 60, Burst: 3, Replicas: 2, Slack: time.Second} // 8 at once
	for passed, broken := range map[int]bool{8: false, 12: true} {
		d := oracle.Delivery{Source: "narrow", ExternalID: "9", Refusal: oracle.Refusal{Status: 409}, Tries: []oracle.Try{try("n0", 0, 409)}}
		for i := range passed {
			d.Tries = append(d.Tries, try(fmt.Sprint("n", i+1), 50, 409))
		}
		d.Tries = append(d.Tries, try("n99", 100, 409))
		v := oracle.Judge(oracle.Evidence{Deliveries: []oracle.Delivery{d}, Limits: map[string]oracle.Limit{"narrow": limit}})
		if holds(v, "limits hold") != broken {
			t.Errorf("%d at once, and it is said to be too many: %t", passed, !broken)
		}
	}
}

func TestRowsMayBeMissingForAReason(t *testing.T) {
	for reason, c := range map[string]struct {
		spoil  func(*oracle.Evidence)
		killed int
	}{
		"counted as dropped":                {func(e *oracle.Evidence) { e.Dropped = 1 }, 0},
		"the replica was killed just after": {func(e *oracle.Evidence) { e.Kills = []oracle.Kill{{Replica: "a", At: at(12)}} }, 1},
	} {
		e := good()
		e.Rows = e.Rows[1:]
		c.spoil(&e)
		if v := oracle.Judge(e); len(v) > 0 {
			t.Errorf("%s: %v", reason, v)
		}
		if _, killed := oracle.Missing(e); killed != c.killed {
			t.Errorf("%s: %d rows are laid to a kill, want %d", reason, killed, c.killed)
		}
	}
	for reason, kill := range map[string]oracle.Kill{
		"another replica was killed": {Replica: "b", At: at(12)},
		"it was killed long after":   {Replica: "a", At: at(30)},
		"it was killed before":       {Replica: "a", At: at(9)},
	} {
		e := good()
		e.Rows, e.Kills = e.Rows[1:], []oracle.Kill{kill}
		if !holds(oracle.Judge(e), "every answer is in the log") {
			t.Errorf("%s, and that explains the missing row", reason)
		}
	}
}

func TestContentIsWhoGetsWhatForHowMuch(t *testing.T) {
	const body = `{"externalID":"1","items":[{"productID":"P","quantity":2,"unitPriceCents":5}],"shippingAddress":{"city":"X","line1":"1"},"customer":{"id":"c"},"total":{"currency":"USD","amountCents":10}}`
	const spec = `{"accountRef":{"name":"main"},"total":{"amountCents":10,"currency":"USD"},"customer":{"id":"c"},"retailer":"amazon","items":[{"quantity":2,"productID":"P","unitPriceCents":5}],"shippingAddress":{"line1":"1","city":"X"}}`
	const other = `{"items":[{"productID":"P","quantity":2,"unitPriceCents":5}],"shippingAddress":{"city":"X","line1":"2"},"customer":{"id":"c"},"total":{"currency":"USD","amountCents":10}}`
	sent, err := oracle.ContentOf([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := oracle.ContentOf([]byte(spec)); err != nil || stored != sent {
		t.Errorf("sent %s, stored %s, %v", sent, stored, err)
	}
	if stored, err := oracle.ContentOf([]byte(other)); err != nil || stored == sent {
		t.Errorf("another address gives the same content: %s, %v", stored, err)
	}
}

func holds(found []oracle.Violation, promise string) bool {
	for _, v := range found {
		if v.Promise == promise {
			return true
		}
	}
	return false
}
