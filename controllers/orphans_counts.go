package controllers

import (
	"slices"
	"strings"

	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// boughtTwice flags all purchases of one order but one: the one that is followed,
// or else the first.
func (c *comparison) boughtTwice() {
	purchases := map[string][]zma.Observation{}
	for _, o := range c.listed {
		alive := o.Phase != zma.Failed && o.Phase != zma.CancelledByRetailer
		if alive && !c.young(o) && strings.HasPrefix(o.Identity, c.namespace+"/") {
			purchases[o.Identity] = append(purchases[o.Identity], o)
		}
	}
	for identity, several := range purchases {
		slices.SortFunc(several, c.keepFirst)
		for _, o := range several[1:] {
			c.orphan(o.RequestID, identity, whyBoughtTwice)
		}
	}
}

func (c *comparison) keepFirst(a, b zma.Observation) int {
	if fa, fb := c.known.followed(a.RequestID), c.known.followed(b.RequestID); fa != fb {
		if fa {
			return -1
		}
		return 1
	}
	if n := a.CreatedAt.Compare(b.CreatedAt); n != 0 {
		return n
	}
	return strings.Compare(a.RequestID, b.RequestID)
}

// missing looks for purchases of this account that the list should hold. Those at
// its very beginning may have been cut off by clocks that differ.
func (c *comparison) missing() {
	for _, a := range c.known.all {
		if a.fate != fateBought || !a.mine || a.requestID == "" {
			continue
		}
		_, listed := c.listed[a.requestID]
		if listed || a.reservedAt.Before(c.since.Add(c.grace)) || c.now.Sub(a.knownAt) < c.grace {
			continue
		}
		c.note(Difference{Kind: KindOrderMissingAtProvider, RequestID: a.requestID, Order: orderName(a.identity.String()), Why: whyMissing})
	}
}
