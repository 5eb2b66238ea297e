package act

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// providersNumber begins the provider's own numbers of parcels.
const providersNumber = "ZPY"

// joinDoubles makes one parcel of two that are the same: one known by the retailer's
// number alone and one by the provider's alone, with the same goods of the same
// merchant order, where more of these goods are named than were ordered. Two parcels
// with a piece each of an order of two stay two.
func joinDoubles(parcels []zma.Parcel, wanted goods) []zma.Parcel {
	if len(parcels) > maxTracking {
		return parcels // more than any order has; they are not compared with each other
	}
	named := goods{}
	for _, p := range parcels {
		named.add(p.Products...)
	}
	var out []zma.Parcel
	for _, p := range parcels {
		i := slices.IndexFunc(out, func(have zma.Parcel) bool { return double(have, p) })
		if i < 0 || !named.exceeds(wanted, p.Products) {
			out = append(out, p)
			continue
		}
		named.remove(p.Products...)
		provider, retailer := out[i], p
		if strings.HasPrefix(p.Number, providersNumber) {
			provider, retailer = p, out[i]
		}
		provider.OtherNumber = retailer.Number
		out[i] = provider.Join(retailer)
	}
	return out
}

// double tells whether two entries may tell of one parcel, each by another number.
func double(a, b zma.Parcel) bool {
	return a.Number != "" && b.Number != "" && a.OtherNumber == "" && b.OtherNumber == "" &&
		strings.HasPrefix(a.Number, providersNumber) != strings.HasPrefix(b.Number, providersNumber) &&
		len(a.Products) > 0 && goodsOf(a.Products).equal(goodsOf(b.Products)) && slices.Equal(a.MerchantOrderIDs, b.MerchantOrderIDs)
}

// mergeTracking adds what is new and forgets nothing: a late, shorter answer does not
// take a delivery back. A parcel that is shown under another number than before is
// the same parcel still.
func mergeTracking(have []v1alpha1.Tracking, seen []zma.Parcel, now metav1.Time) []v1alpha1.Tracking {
	out := slices.Clone(have)
	for _, p := range seen {
		out = fold(out, p)
	}
	known := len(out)
	shown := make([]bool, known)
	var fresh []zma.Parcel
	for _, p := range seen {
		i := slices.IndexFunc(out, func(tr v1alpha1.Tracking) bool { return isParcel(tr, p) })
		if i < 0 {
			fresh = append(fresh, p)
			continue
		}
		shown[i], out[i] = true, tracked(out[i], p, now)
	}
	for _, p := range fresh {
		i := renumbered(out[:known], shown, len(seen) >= known)
		switch {
		case i >= 0:
			shown[i], out[i] = true, tracked(out[i], p, now)
		case len(out) < maxTracking:
			out = append(out, tracked(v1alpha1.Tracking{}, p, now))
		}
	}
	return out
}

// renumbered finds a parcel on its way that the provider does not show any more while
// it shows as many as are known: it goes by another number now. Where it shows fewer,
// it may have left one out.
func renumbered(have []v1alpha1.Tracking, shown []bool, whole bool) int {
	for i := range have {
		if whole && !shown[i] && have[i].DeliveredAt == nil {
			return i
		}
	}
	return -1
}

// isParcel tells whether a parcel on record is the one that is shown.
func isParcel(tr v1alpha1.Tracking, p zma.Parcel) bool {
	return p.Has(tr.Number) || tr.Number == "" && p.Number == "" && tr.Carrier == p.Carrier
}

// fold makes one of several parcels on record that turn out to be the same.
func fold(have []v1alpha1.Tracking, p zma.Parcel) []v1alpha1.Tracking {
	var out []v1alpha1.Tracking
	at := -1
	for _, tr := range have {
		switch {
		case !isParcel(tr, p):
			out = append(out, tr)
		case at < 0:
			at, out = len(out), append(out, tr)
		case out[at].DeliveredAt == nil:
			out[at].DeliveredAt = tr.DeliveredAt
		}
	}
	return out
}

// tracked takes over what is shown of a parcel.
func tracked(tr v1alpha1.Tracking, p zma.Parcel, now metav1.Time) v1alpha1.Tracking {
	for _, text := range []struct {
		into *string
		seen string
	}{{&tr.Carrier, p.Carrier}, {&tr.Number, p.Number}, {&tr.URL, p.URL}} {
		if text.seen != "" {
			*text.into = text.seen
		}
	}
	if p.Delivered && tr.DeliveredAt == nil {
		tr.DeliveredAt = &now
	}
	return tr
}
