package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

var sweepNow = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return sweepNow.Add(-d) }

func sweepRules() rules {
	return rules{namespace: "shop", since: ago(sweepWindow), grace: sweepGrace, unresolved: sweepUnresolved, complete: true}
}

// purchase is a placed purchase of shop/web/1, attempt 1, two hours old.
func purchase(edits ...func(*zma.Observation)) zma.Observation {
	o := zma.Observation{RequestID: "r1", Phase: zma.Placed, Key: "k1", Identity: "shop/web/1", Attempt: 1, CreatedAt: ago(2 * time.Hour)}
	for _, edit := range edits {
		edit(&o)
	}
	return o
}

func sentAs(identity string, attempt int64, key, requestID string) func(*zma.Observation) {
	return func(o *zma.Observation) {
		o.Identity, o.Attempt, o.Key, o.RequestID = identity, attempt, key, requestID
	}
}

func inPhase(p zma.Phase) func(*zma.Observation) { return func(o *zma.Observation) { o.Phase = p } }

func madeAt(at time.Time) func(*zma.Observation) {
	return func(o *zma.Observation) { o.CreatedAt = at }
}

// knows is what one side knows of the same attempt, under the same request ID.
func knows(f fate, edits ...func(*knownAttempt)) knownAttempt {
	k := knownAttempt{
		identity: v1alpha1.Identity{Namespace: "shop", Source: "web", ExternalID: "1"}, number: 1, key: "k1", requestID: "r1",
		fate: f, mine: true, reservedAt: ago(3 * time.Hour), knownAt: ago(2 * time.Hour),
	}
	for _, edit := range edits {
		edit(&k)
	}
	return k
}

func under(requestID string) func(*knownAttempt) {
	return func(k *knownAttempt) { k.requestID = requestID }
}

func numberedAs(number int64, key, requestID string) func(*knownAttempt) {
	return func(k *knownAttempt) { k.number, k.key, k.requestID = number, key, requestID }
}

func timed(reserved, known time.Duration) func(*knownAttempt) {
	return func(k *knownAttempt) { k.reservedAt, k.knownAt = ago(reserved), ago(known) }
}

func elsewhere(k *knownAttempt) { k.mine = false }

func TestEachDifferenceIsFoundAndNothingElse(t *testing.T) {
	unknown := func(requestID, why string) Difference {
		return Difference{Kind: KindUnknownPurchase, RequestID: requestID, Why: why}
	}
	orphan := func(requestID, why string) Difference {
		return Difference{Kind: KindOrderOrphaned, RequestID: requestID, Order: v1alpha1.OrderNameFor("web", "1"), Why: why}
	}
	missing := Difference{Kind: KindOrderMissingAtProvider, RequestID: "r1", Order: v1alpha1.OrderNameFor("web", "1"), Why: whyMissing}
	type list = []zma.Observation
	type attempts = []knownAttempt
	foreign := sentAs("", 0, "", "r9")
	for reason, c := range map[string]struct {
		listed        list
		books, orders attempts
		rules         func(*rules)
		want          []Difference
	}{
		// Somebody else buys.
		"no notes and no key: it is not ours":                     {listed: list{purchase(foreign)}, want: []Difference{unknown("r9", whyNoNotes)}},
		"a key that nobody knows, without notes":                  {listed: list{purchase(sentAs("", 0, "k9", "r9"))}, want: []Difference{unknown("r9", whyNoNotes)}},
		"notes of another namespace":                              {listed: list{purchase(sentAs("other/web/1", 1, "k9", "r9"))}, want: []Difference{unknown("r9", whyElsewhere)}},
		"a namespace that only begins like ours is another":       {listed: list{purchase(sentAs("shopping/web/1", 1, "k9", "r9"))}, want: []Difference{unknown("r9", whyElsewhere)}},
		"not ours, of unknown age: it may be old":                 {listed: list{purchase(foreign, madeAt(time.Time{}))}, want: []Difference{unknown("r9", whyNoNotes)}},
		"not ours and still worked on: it may be bought yet":      {listed: list{purchase(foreign, inPhase(zma.Processing))}, want: []Difference{unknown("r9", whyNoNotes)}},
		"not ours, and of a phase that can't be read":             {listed: list{purchase(foreign, inPhase(""))}, want: []Difference{unknown("r9", whyNoNotes)}},
		"not ours, but it failed: nothing was bought":             {listed: list{purchase(foreign, inPhase(zma.Failed))}},
		"not ours, a minute old: records may be on their way":     {listed: list{purchase(foreign, madeAt(ago(time.Minute)))}},
		"without notes, but the key is known":                     {listed: list{purchase(sentAs("", 0, "k1", "r1"))}, books: attempts{knows(fateBought)}},
		"without notes and key, but the request ID is followed":   {listed: list{purchase(sentAs("", 0, "", "r1"))}, orders: attempts{knows(fateBought)}},
		"an entry is listed twice since the pages overlap: known": {listed: list{purchase(), purchase()}, orders: attempts{knows(fateBought)}},

		// A purchase of ours that nobody follows.
		"followed by the cluster":                  {listed: list{purchase()}, orders: attempts{knows(fateBought)}, books: attempts{knows(fateOpen, under(""))}},
		"settled, and the order has gone":          {listed: list{purchase()}, books: attempts{knows(fateBought)}},
		"its key is unknown":                       {listed: list{purchase()}, want: []Difference{orphan("r1", whyNoRecord)}},
		"its attempt is known under another key":   {listed: list{purchase()}, books: attempts{knows(fateOpen, numberedAs(1, "k2", ""))}, want: []Difference{orphan("r1", whyNoRecord)}},
		"its attempt is known without a key":       {listed: list{purchase()}, books: attempts{knows(fateBought, numberedAs(1, "", "r1"))}},
		"another attempt of the order is known":    {listed: list{purchase()}, orders: attempts{knows(fateOpen, numberedAs(2, "k2", ""))}, want: []Difference{orphan("r1", whyNoRecord)}},
		"its key is unknown, but it failed":        {listed: list{purchase(inPhase(zma.Failed))}},
		"its key is unknown, a minute old":         {listed: list{purchase(madeAt(ago(time.Minute)))}},
		"accepted under another request ID":        {listed: list{purchase(), purchase(sentAs("shop/web/1", 1, "k1", "r0"))}, orders: attempts{knows(fateBought, under("r0"))}, want: []Difference{orphan("r1", whyOtherID)}},
		"settled under another request ID":         {listed: list{purchase(), purchase(sentAs("shop/web/1", 1, "k1", "r0"))}, books: attempts{knows(fateBought, under("r0"))}, want: []Difference{orphan("r1", whyOtherID)}},
		"both its IDs are followed: one too many":  {listed: list{purchase(), purchase(sentAs("shop/web/1", 1, "k1", "r0"))}, orders: attempts{knows(fateBought)}, books: attempts{knows(fateBought, under("r0"))}, want: []Difference{orphan("r1", whyBoughtTwice)}},
		"unresolved: the resolver adopts it":       {listed: list{purchase(madeAt(ago(59 * time.Minute)))}, orders: attempts{knows(fateOpen, under(""))}, books: attempts{knows(fateOpen, under(""))}},
		"unresolved for more than an hour":         {listed: list{purchase(madeAt(ago(61 * time.Minute)))}, orders: attempts{knows(fateOpen, under(""))}, want: []Difference{orphan("r1", whyUnresolved)}},
		"unresolved, of unknown age, but reserved": {listed: list{purchase(madeAt(time.Time{}))}, orders: attempts{knows(fateOpen, under(""), timed(time.Minute, 0))}},
		"reserved only: its order has gone":        {listed: list{purchase()}, books: attempts{knows(fateOpen, under(""))}, want: []Difference{orphan("r1", whyUnresolved)}},
		"outcome unknown, but its ID is known":     {listed: list{purchase()}, orders: attempts{knows(fateOpen)}},
		"released, and bought all the same":        {listed: list{purchase()}, books: attempts{knows(fateRefused, under(""))}, want: []Difference{orphan("r1", whyNotBought)}},
		"refused, and bought all the same":         {listed: list{purchase()}, orders: attempts{knows(fateRefused)}, want: []Difference{orphan("r1", whyNotBought)}},
		"released a minute ago: the list lags":     {listed: list{purchase()}, books: attempts{knows(fateRefused, under(""), timed(time.Hour, time.Minute))}},
		"released, since the retailer cancelled":   {listed: list{purchase(inPhase(zma.CancelledByRetailer))}, books: attempts{knows(fateRefused, under(""))}},
		"released, and failed at the provider":     {listed: list{purchase(inPhase(zma.Failed))}, books: attempts{knows(fateRefused, under(""))}},

		// Bought twice.
		"two attempts are both settled: the later one is too much": {
			listed: list{purchase(), purchase(sentAs("shop/web/1", 2, "k2", "r2"), madeAt(ago(time.Hour)))},
			books:  attempts{knows(fateBought), knows(fateBought, numberedAs(2, "k2", "r2"))}, want: []Difference{orphan("r2", whyBoughtTwice)}},
		"the one that is followed is not too much, though it is later": {
			listed: list{purchase(), purchase(sentAs("shop/web/1", 2, "k2", "r2"), madeAt(ago(time.Hour)))},
			orders: attempts{knows(fateBought, numberedAs(2, "k2", "r2"))}, books: attempts{knows(fateOpen, under("")), knows(fateOpen, numberedAs(2, "k2", ""))},
			want: []Difference{orphan("r1", whyUnresolved)}},
		"bought again after the first attempt failed": {
			listed: list{purchase(inPhase(zma.Failed)), purchase(sentAs("shop/web/1", 2, "k2", "r2"))},
			orders: attempts{knows(fateBought, numberedAs(2, "k2", "r2"))}, books: attempts{knows(fateRefused, under(""))}},
		"bought again after the retailer cancelled": {
			listed: list{purchase(inPhase(zma.CancelledByRetailer)), purchase(sentAs("shop/web/1", 2, "k2", "r2"))},
			books:  attempts{knows(fateBought), knows(fateBought, numberedAs(2, "k2", "r2"))}},
		"bought again a minute ago: the first may have failed since the list was made": {
			listed: list{purchase(), purchase(sentAs("shop/web/1", 2, "k2", "r2"), madeAt(ago(time.Minute)))},
			orders: attempts{knows(fateBought, numberedAs(2, "k2", "r2"))}, books: attempts{knows(fateBought)}},
		"two orders of another namespace are its own matter": {
			listed: list{purchase(sentAs("other/web/1", 1, "k8", "r8")), purchase(sentAs("other/web/1", 2, "k9", "r9"))},
			want:   []Difference{unknown("r8", whyElsewhere), unknown("r9", whyElsewhere)}},

		// A purchase that the provider does not list.
		"accepted, and not listed":                          {orders: attempts{knows(fateBought)}, want: []Difference{missing}},
		"settled, and not listed":                           {books: attempts{knows(fateBought)}, want: []Difference{missing}},
		"known to both: it is missed once":                  {orders: attempts{knows(fateBought)}, books: attempts{knows(fateBought)}, want: []Difference{missing}},
		"accepted, and listed as failed: it is there":       {listed: list{purchase(inPhase(zma.Failed))}, orders: attempts{knows(fateBought)}},
		"accepted a minute ago: the list lags":              {orders: attempts{knows(fateBought, timed(time.Hour, time.Minute))}},
		"settled a minute ago, at the end of a long wait":   {books: attempts{knows(fateBought, timed(6*24*time.Hour, time.Minute))}},
		"reserved before the window":                        {books: attempts{knows(fateBought, timed(8*24*time.Hour, time.Hour))}},
		"reserved as the window begins: clocks differ":      {books: attempts{knows(fateBought, timed(sweepWindow-time.Minute, time.Hour))}},
		"bought at another account of the provider":         {books: attempts{knows(fateBought, elsewhere)}},
		"not resolved yet, so nothing is known to be there": {orders: attempts{knows(fateOpen, under(""))}},
		"refused: there is nothing to list":                 {orders: attempts{knows(fateRefused)}},
		"bought, but its request ID is not known":           {books: attempts{knows(fateBought, under(""))}},
		"an entry of the list can't be read: it may be it":  {orders: attempts{knows(fateBought)}, rules: func(r *rules) { r.complete = false }},

		"nothing anywhere": {},
	} {
		t.Run(reason, func(t *testing.T) {
			r := sweepRules()
			if c.rules != nil {
				c.rules(&r)
			}
			got := compare(c.listed, c.books, c.orders, sweepNow, r)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
