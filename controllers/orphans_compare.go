package controllers

import (
	"slices"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// rules of a comparison.
type rules struct {
	// namespace of the account.
	namespace string
	// since is where the list begins.
	since time.Time
	// grace is how old a difference has to be.
	grace time.Duration
	// unresolved is how long the resolver may take for a purchase that is listed.
	unresolved time.Duration
	// complete says that the list was read to its end, every entry of it. Only
	// then does its silence mean something.
	complete bool
}

// compare finds the differences between what the provider lists, and what the
// ledger and the cluster know. The list has to be read before the other two: what
// is listed was recorded before it was sent. It is pure; the result is sorted by
// kind and request ID, one for each.
func compare(listed []zma.Observation, books, cluster []knownAttempt, now time.Time, r rules) []Difference {
	c := comparison{rules: r, now: now, known: newKnown(books, cluster), listed: byRequest(listed), found: map[string]Difference{}}
	for _, o := range c.listed {
		c.explain(o)
	}
	c.boughtTwice()
	if r.complete {
		c.missing()
	}
	return c.sorted()
}

type comparison struct {
	rules
	now    time.Time
	known  known
	listed map[string]zma.Observation
	found  map[string]Difference
}

// byRequest drops repetitions: pages overlap when orders come in while they are
// read.
func byRequest(listed []zma.Observation) map[string]zma.Observation {
	out := make(map[string]zma.Observation, len(listed))
	for _, o := range listed {
		out[o.RequestID] = o
	}
	return out
}

// explain looks for whoever follows a listed order.
func (c *comparison) explain(o zma.Observation) {
	if o.Phase == zma.Failed || c.young(o) || c.known.followed(o.RequestID) {
		return
	}
	attempts := c.known.of(o.Key, o.Identity, o.Attempt)
	switch {
	case len(attempts) > 0:
		if why := c.unfollowed(o, attempts); why != "" {
			c.orphan(o.RequestID, attempts[0].identity.String(), why)
		}
	case strings.HasPrefix(o.Identity, c.namespace+"/"):
		c.orphan(o.RequestID, o.Identity, whyNoRecord)
	case o.Identity != "":
		c.note(Difference{Kind: KindUnknownPurchase, RequestID: o.RequestID, Why: whyElsewhere})
	default:
		c.note(Difference{Kind: KindUnknownPurchase, RequestID: o.RequestID, Why: whyNoNotes})
	}
}

// young tells whether a listed order may still be on its way into our records. One
// of unknown age, whose time is zero, is old enough.
func (c *comparison) young(o zma.Observation) bool {
	return c.now.Sub(o.CreatedAt) < c.grace
}

// unfollowed tells why a purchase by known attempts is an orphan; empty when it
// is none, or not yet.
func (c *comparison) unfollowed(o zma.Observation, attempts []knownAttempt) string {
	with := func(f fate) int {
		return slices.IndexFunc(attempts, func(a knownAttempt) bool { return a.fate == f })
	}
	if with(fateBought) >= 0 {
		return whyOtherID
	}
	if i := with(fateOpen); i >= 0 {
		since := o.CreatedAt
		if since.IsZero() {
			since = attempts[i].reservedAt
		}
		if c.now.Sub(since) < c.unresolved {
			return "" // the resolver adopts it
		}
		return whyUnresolved
	}
	if o.Phase == zma.CancelledByRetailer || c.now.Sub(attempts[0].knownAt) < c.grace {
		return ""
	}
	return whyNotBought
}

func (c *comparison) orphan(requestID, identity, why string) {
	c.note(Difference{Kind: KindOrderOrphaned, RequestID: requestID, Order: orderName(identity), Why: why})
}

// note keeps the first reason found for a difference.
func (c *comparison) note(d Difference) {
	if _, ok := c.found[d.Kind+"/"+d.RequestID]; !ok {
		c.found[d.Kind+"/"+d.RequestID] = d
	}
}

func (c *comparison) sorted() []Difference {
	out := make([]Difference, 0, len(c.found))
	for _, d := range c.found {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Difference) int {
		return strings.Compare(a.Kind+"/"+a.RequestID, b.Kind+"/"+b.RequestID)
	})
	return out
}
