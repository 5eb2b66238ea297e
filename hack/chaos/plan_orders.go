package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// secondAccount is the one that is moved.
const secondAccount = "second"

// Orders of each kind; what is left of a run's number is of mixed products.
const (
	calmOrders  = 12
	movedOrders = 10
)

func planOrders(r *rand.Rand, namespace string, n int) []*Order {
	var out []*Order
	for range calmOrders {
		out = append(out, newOrder(oracle.Script{Product: zmasim.ProductOK, Behaviour: oracle.Buys, Calm: true}))
	}
	for i := range movedOrders {
		out = append(out, movedOrder(r, i))
	}
	for _, s := range products(r, n-len(out)) {
		o := newOrder(s)
		o.SendAt = between(r, 0, lastSend)
		disturb(r, o)
		out = append(out, o)
	}
	faults := newFaultDecks(r)
	for i, o := range out {
		o.ID = fmt.Sprintf("%04d", 1000+i)
		o.Identity = namespace + "/" + o.Source + "/" + o.ID
		if !o.Calm {
			faults.deal(o)
		}
		for range 1 + r.IntN(2) {
			o.ResendAt = append(o.ResendAt, between(r, o.SendAt, storm))
		}
		slices.Sort(o.ResendAt)
	}
	return out
}

func newOrder(s oracle.Script) *Order {
	s.Account = shop.AccountName
	return &Order{Script: s, Source: shop.SourceName}
}

// movedOrder is under way while its account is moved: half are processed until
// somebody aborts them, which nobody does before the account is back.
func movedOrder(r *rand.Rand, i int) *Order {
	s := oracle.Script{Product: zmasim.ProductSlow, Behaviour: oracle.Buys}
	if i%2 == 0 {
		s.Product, s.Behaviour, s.CancelAfter = zmasim.ProductStuck, oracle.Stuck, 25*time.Second
	}
	o := newOrder(s)
	o.Account, o.Source, o.Moved = secondAccount, secondAccount, true
	o.SendAt = between(r, 0, moveAt-time.Second)
	return o
}

// products deals every code of the provider in one of its three forms, every
// product with a meaning, and plain ones for the rest.
func products(r *rand.Rand, n int) []oracle.Script {
	var out []oracle.Script
	for _, code := range zmasim.Codes() {
		out = append(out, withCode(r.IntN(3), code))
	}
	out = append(out, named()...)
	plain := deck[oracle.Script]{r: r, all: named()[:6]}
	for len(out) < n {
		if chance(r, 50) {
			out = append(out, oracle.Script{Product: zmasim.ProductOK, Behaviour: oracle.Buys})
			continue
		}
		out = append(out, plain.next())
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func withCode(form int, code string) oracle.Script {
	switch form {
	case 0:
		return oracle.Script{Product: zmasim.ProductFor(code), Behaviour: oracle.Fails, Code: code}
	case 1:
		return oracle.Script{Product: zmasim.ProductFailOnce(code), Behaviour: oracle.FailsOnce, Code: code}
	default:
		return oracle.Script{Product: zmasim.ProductRefused(code), Behaviour: oracle.Refuses, Code: code}
	}
}

// named are the products with a meaning; the first ones are bought in the end.
func named() []oracle.Script {
	return []oracle.Script{
		{Product: zmasim.ProductOK, Behaviour: oracle.Buys},
		{Product: zmasim.ProductSlow, Behaviour: oracle.Buys},
		{Product: zmasim.ProductSplit, Behaviour: oracle.Buys},
		{Product: zmasim.ProductReviewThenSuccess, Behaviour: oracle.Buys},
		{Product: zmasim.ProductFailOnce("insufficient_zma_balance"), Behaviour: oracle.FailsOnce, Code: "insufficient_zma_balance"},
		{Product: zmasim.ProductRetailerCancel, Behaviour: oracle.RetailerCancels},
		{Product: zmasim.ProductCancelDirect, Behaviour: oracle.Buys},
		{Product: zmasim.ProductCancelRefused, Behaviour: oracle.CancelRefused},
		{Product: zmasim.ProductAbortTooLate, Behaviour: oracle.AbortTooLate},
		{Product: zmasim.ProductAbortPending, Behaviour: oracle.Buys},
		{Product: zmasim.ProductStuck, Behaviour: oracle.Stuck},
		{Product: zmasim.ProductReviewThenFail, Behaviour: oracle.Fails, Code: "product_unavailable"},
		{Product: zmasim.ProductOverloadNested, Behaviour: oracle.Fails, Code: "zma_temporarily_overloaded"},
	}
}

// disturb adds what people and accidents do to an order beside the provider.
func disturb(r *rand.Rand, o *Order) {
	cancels := o.Product == zmasim.ProductCancelDirect || o.Product == zmasim.ProductCancelRefused ||
		o.Product == zmasim.ProductAbortTooLate || o.Product == zmasim.ProductAbortPending
	switch roll := r.IntN(100); {
	case cancels && roll < 80, roll < 12:
		o.cancel(r)
	case roll < 30:
		o.WipeAfter = between(r, 100*time.Millisecond, 8*time.Second)
		o.Wiped = true
	case roll < 48:
		o.Recreated = endsForGood(o.Script)
		if o.Recreated && roll < 34 {
			o.cancel(r)
		}
	case roll < 55:
		o.NotBefore = between(r, 2*time.Second, 8*time.Second)
		o.Scheduled = true
	}
}

// cancel lets somebody want the order no more: soon, or once it is placed.
func (o *Order) cancel(r *rand.Rand) {
	o.CancelAfter = between(r, 50*time.Millisecond, 4*time.Second)
	o.CancelPlaced = o.Behaviour != oracle.Stuck && o.Code == "" && chance(r, 50)
}

// endsForGood tells whether the ledger has the order's end on record, so that it
// may be deleted and sent again without another purchase.
func endsForGood(s oracle.Script) bool {
	switch s.Behaviour {
	case oracle.Buys, oracle.AbortTooLate, oracle.CancelRefused, oracle.RetailerCancels:
		return true
	}
	return s.Code != "" && oracle.ClassOf(s.Code) == oracle.Rejected
}
