package act

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// delivered tells whether everything was seen to have arrived. That holds for good.
func delivered(o *v1alpha1.ZMAOrder) bool { return condition.IsTrue(o, v1alpha1.ConditionDelivered) }

// arrival is what an observation says of the goods that are still to come.
type arrival struct {
	order *v1alpha1.ZMAOrder
	seen  zma.Observation
	// cancelled merchant orders, which do not count, and live ones.
	cancelled, live []string
	// parcels that count.
	parcels []zma.Parcel
}

// arrived tells whether everything has arrived. Delivered is an end: nobody looks at
// the order after it. So it takes proof for each merchant order and each piece; what
// can't be told leaves the order as it is, and it is read again.
func arrived(o *v1alpha1.ZMAOrder, seen zma.Observation) bool {
	a := arrival{order: o, seen: seen, cancelled: cancelledOf(o)}
	for _, id := range o.Status.Placement.MerchantOrderIDs {
		if !slices.Contains(a.cancelled, id) {
			a.live = append(a.live, id)
		}
	}
	if len(a.live) == 0 && len(o.Status.Placement.MerchantOrderIDs) > 0 {
		return false // everything was cancelled
	}
	for _, p := range seen.Parcels {
		if !a.ofCancelled(p) {
			a.parcels = append(a.parcels, p)
		}
	}
	return len(a.parcels) > 0 && !a.underWay() && a.eachMerchantOrder() && a.eachPiece()
}

// ofCancelled tells whether a parcel belongs to cancelled merchant orders alone.
func (a arrival) ofCancelled(p zma.Parcel) bool {
	stays := func(id string) bool { return !slices.Contains(a.cancelled, id) }
	return len(p.MerchantOrderIDs) > 0 && !slices.ContainsFunc(p.MerchantOrderIDs, stays)
}

// underWay tells whether a parcel is still to come, be it shown now or known from
// before.
func (a arrival) underWay() bool {
	for _, p := range a.parcels {
		if !p.Delivered && !a.wasDelivered(p) {
			return true
		}
	}
	return slices.ContainsFunc(a.order.Status.Placement.Tracking, func(tr v1alpha1.Tracking) bool {
		void := slices.ContainsFunc(a.seen.Parcels, func(p zma.Parcel) bool { return isParcel(tr, p) && a.ofCancelled(p) })
		return tr.DeliveredAt == nil && !void
	})
}

func (a arrival) wasDelivered(p zma.Parcel) bool {
	return slices.ContainsFunc(a.order.Status.Placement.Tracking, func(tr v1alpha1.Tracking) bool {
		return tr.DeliveredAt != nil && p.Has(tr.Number)
	})
}

// of gives the parcels of a merchant order; those that name none may be anyone's.
func (a arrival) of(merchantOrder string) (own, anyones []zma.Parcel) {
	for _, p := range a.parcels {
		switch {
		case len(p.MerchantOrderIDs) == 0:
			anyones = append(anyones, p)
		case slices.Contains(p.MerchantOrderIDs, merchantOrder):
			own = append(own, p)
		}
	}
	return own, anyones
}

// eachMerchantOrder tells whether each has a parcel. What the retailer has not shipped
// yet has none.
func (a arrival) eachMerchantOrder() bool {
	without, free := 0, 0
	for _, id := range a.live {
		own, anyones := a.of(id)
		free = len(anyones)
		if len(own) == 0 {
			without++
		}
	}
	return without <= free
}

// eachPiece tells whether all that was ordered is in the parcels, by the states of the
// items or the names of the products. An order of one piece needs neither.
func (a arrival) eachPiece() bool {
	if len(a.seen.Items) > 0 {
		return a.eachItem()
	}
	wanted := ordered(a.order)
	if wanted.pieces() <= 1 {
		return true
	}
	came := goods{}
	for _, p := range a.parcels {
		came.add(p.Products...)
	}
	for id, count := range wanted {
		if came[id] < a.left(id, count) {
			return false
		}
	}
	return !slices.ContainsFunc(a.live, a.lacks)
}

// eachItem goes by the states of the items, and does not count what was cancelled.
func (a arrival) eachItem() bool {
	return len(a.seen.Items) >= len(a.order.Spec.Items) && !slices.Contains(a.seen.Items, zma.ItemOpen) &&
		slices.Contains(a.seen.Items, zma.ItemDelivered)
}

// left is how many pieces of a product are still to come once those of cancelled
// merchant orders are taken off: at least one for those that go on and name it.
func (a arrival) left(product string, count int) int {
	for _, id := range a.cancelled {
		count -= goodsOf(a.seen.Products[id])[product]
	}
	needed := slices.ContainsFunc(a.live, func(id string) bool { return goodsOf(a.seen.Products[id])[product] > 0 })
	if needed {
		return max(1, count)
	}
	return max(0, count)
}

// lacks tells whether a merchant order names a product that is in none of its parcels.
func (a arrival) lacks(merchantOrder string) bool {
	own, anyones := a.of(merchantOrder)
	came := goods{}
	for _, p := range append(own, anyones...) {
		came.add(p.Products...)
	}
	for product := range goodsOf(a.seen.Products[merchantOrder]) {
		if came[product] == 0 {
			return true
		}
	}
	return false
}

// remarks say what people should know of a placement beside how far it is.
func remarks(items []zma.ItemState, strangers []string) string {
	var out strings.Builder
	gone := 0
	for _, state := range items {
		if state == zma.ItemCancelled {
			gone++
		}
	}
	if gone > 0 {
		fmt.Fprintf(&out, " Cancelled after it was placed: %d of %d items.", gone, len(items))
	}
	for _, id := range strangers {
		if id == "" {
			id = "that it does not name readably"
		}
		fmt.Fprintf(&out, " The provider tells of a cancelled merchant order %s, which is none of this order's.", id)
	}
	return out.String()
}

// remarked gives the remarks of the last observation.
func remarked(o *v1alpha1.ZMAOrder) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionPlaced); c != nil {
		if out, ok := strings.CutPrefix(c.Message, placedMessage); ok {
			return out
		}
	}
	return ""
}
