package oracle_test

import (
	"testing"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func TestOrdersOnlyMoveForward(t *testing.T) {
	const a, b = "uid-a", "uid-b"
	fresh := oracle.Step{UID: a, Empty: true}
	placed := oracle.Step{UID: a, Reason: "Placed", Placed: "True", Attempt: 1}
	shipped := oracle.Step{UID: a, Reason: "Shipped", Placed: "True", Attempt: 1}
	for name, c := range map[string]struct {
		steps []oracle.Step
		wipes int
		ok    bool
	}{
		"forward":                       {[]oracle.Step{fresh, placed, shipped}, 0, true},
		"placed no more":                {[]oracle.Step{placed, {UID: a, Reason: "Processing", Placed: "False", Attempt: 1}}, 0, false},
		"placed forgotten":              {[]oracle.Step{placed, {UID: a, Reason: "Processing", Attempt: 1}}, 0, false},
		"shipped, then placed":          {[]oracle.Step{shipped, placed}, 0, false},
		"an older attempt":              {[]oracle.Step{{UID: a, Attempt: 2}, {UID: a, Attempt: 1}}, 0, false},
		"back from the end":             {[]oracle.Step{{UID: a, Reason: "Rejected"}, {UID: a, Reason: "Submitting"}}, 0, false},
		"delivered no more":             {[]oracle.Step{{UID: a, Reason: "Delivered", Placed: "True", Delivered: "True"}, {UID: a, Reason: "Cancelling", Placed: "True", Delivered: "False"}}, 0, false},
		"delivered, then cancelled":     {[]oracle.Step{{UID: a, Reason: "Delivered", Placed: "True", Delivered: "True"}, {UID: a, Reason: "Cancelling", Placed: "True", Delivered: "True"}}, 0, false},
		"its status lost":               {[]oracle.Step{placed, fresh}, 0, false},
		"its status taken by the test":  {[]oracle.Step{placed, fresh, {UID: a, Reason: "Processing"}, placed}, 1, true},
		"its status lost twice":         {[]oracle.Step{placed, fresh, placed, fresh}, 1, false},
		"another object, made again":    {[]oracle.Step{placed, {UID: b, Empty: true}, {UID: b, Reason: "Placed", Placed: "True"}}, 0, true},
		"cancelled, and placed instead": {[]oracle.Step{{UID: a, Reason: "Cancelled"}, placed}, 0, false},
	} {
		p := oracle.NewProgress()
		for range c.wipes {
			p.Wipe(a)
		}
		var err error
		for _, s := range c.steps {
			if err = p.See(s); err != nil {
				break
			}
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQuickFindsWhatMustNeverBe(t *testing.T) {
	scripts := []oracle.Script{one()}
	if found := oracle.Quick(scripts, good().Record); len(found) != 0 {
		t.Fatal(found[0])
	}
	twice := good().Record
	twice.Purchases = append(twice.Purchases, twice.Purchases[0])
	if len(oracle.Quick(scripts, twice)) != 1 {
		t.Error("two purchases are not found")
	}
	keys := good().Record
	keys.Requests = append(keys.Requests, call(key2, 1, "sum-1"))
	if len(oracle.Quick(scripts, keys)) != 1 {
		t.Error("two keys of an attempt are not found")
	}
}

func TestAnAttemptNeedsProofOfTheLastOnesFailure(t *testing.T) {
	get := func(status int) zmasim.Request {
		return zmasim.Request{Method: "GET", Path: "/v1/orders/r1", RequestID: "r1", Status: status}
	}
	refusal := call(key1, 1, "sum-1")
	refusal.Status, refusal.RequestID = 400, ""
	spoilt := refusal
	spoilt.Status, spoilt.Fault = 502, "HTML502"
	for name, c := range map[string]struct {
		before []zmasim.Request
		ok     bool
	}{
		"its failure was read":     {[]zmasim.Request{call(key1, 1, "sum-1"), get(200)}, true},
		"its call was refused":     {[]zmasim.Request{refusal}, true},
		"it was never asked about": {[]zmasim.Request{call(key1, 1, "sum-1")}, false},
		"no answer came":           {[]zmasim.Request{call(key1, 1, "sum-1"), get(0)}, false},
		"the refusal was lost":     {[]zmasim.Request{spoilt}, false},
		"it was never sent":        {nil, false},
	} {
		second := call(key2, 2, "sum-2")
		second.RequestID = "r2"
		record := zmasim.Record{Requests: append(c.before, second)}
		if found := oracle.Quick([]oracle.Script{one()}, record); (len(found) == 0) != c.ok {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestCalmFindsForgottenOutcomes(t *testing.T) {
	s := one()
	s.Calm = true
	scripts := []oracle.Script{s}
	if found := oracle.Calm(scripts, good().Record); len(found) != 0 {
		t.Fatal(found[0])
	}
	looked := good().Record
	looked.Requests = append(looked.Requests, zmasim.Request{Method: "GET", Path: "/v1/orders"})
	if len(oracle.Calm(scripts, looked)) != 1 {
		t.Error("a look-up per order is not found")
	}
	repeated := good().Record
	repeated.Requests = append(repeated.Requests, call(key1, 1, "sum-1"))
	if len(oracle.Calm(scripts, repeated)) != 1 {
		t.Error("a repeated call is not found")
	}
}
