package act

import (
	"maps"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// goods are pieces by product ID.
type goods map[string]int

// ordered are the goods of an order.
func ordered(o *v1alpha1.ZMAOrder) goods {
	out := goods{}
	for _, item := range o.Spec.Items {
		out[productKey(item.ProductID)] += int(item.Quantity)
	}
	return out
}

// goodsOf counts a list that has an ID for each piece.
func goodsOf(ids []string) goods {
	out := goods{}
	out.add(ids...)
	return out
}

// productKey is the same for each way of writing an ID.
func productKey(id string) string { return strings.ToUpper(id) }

func (g goods) add(ids ...string) {
	for _, id := range ids {
		g[productKey(id)]++
	}
}

func (g goods) remove(ids ...string) {
	for _, id := range ids {
		g[productKey(id)]--
	}
}

func (g goods) pieces() (n int) {
	for _, count := range g {
		n += count
	}
	return n
}

func (g goods) equal(other goods) bool { return maps.Equal(g, other) }

// exceeds tells whether there is more of each of some products than of the others.
func (g goods) exceeds(other goods, ids []string) bool {
	for _, id := range ids {
		if g[productKey(id)] <= other[productKey(id)] {
			return false
		}
	}
	return true
}
