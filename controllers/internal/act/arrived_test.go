package act

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// buying is a task with an order of some pieces by product, whose cost is on record.
func buying(pieces ...v1alpha1.OrderItem) *Task {
	o := &v1alpha1.ZMAOrder{Spec: v1alpha1.ZMAOrderSpec{Items: pieces}, Status: v1alpha1.ZMAOrderStatus{Submission: sent(v1alpha1.SubmissionAccepted, "r1", noon)}}
	condition.Set(o, v1alpha1.ConditionCostRecorded, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "", metav1.NewTime(noon))
	return &Task{Order: o, Stored: o.DeepCopy(), Account: &v1alpha1.ZMAAccount{}}
}

func pieces(product string, n int32) v1alpha1.OrderItem {
	return v1alpha1.OrderItem{ProductID: product, Quantity: n}
}

// seenParcel is one with a number, of a merchant order, with a product for each piece.
func seenParcel(number, merchantOrder string, arrived bool, products ...string) zma.Parcel {
	p := zma.Parcel{Carrier: "UPS", Number: number, Delivered: arrived, Products: products}
	if merchantOrder != "" {
		p.MerchantOrderIDs = []string{merchantOrder}
	}
	return p
}

func seenPlaced(merchantOrders []string, parcels ...zma.Parcel) zma.Observation {
	return zma.Observation{Phase: zma.Placed, MerchantOrderIDs: merchantOrders, Parcels: parcels}
}

// TestDeliveredTakesProofOfEachPiece: it is an end, after which nobody looks. What
// can't be told stays Shipped, and is read again.
func TestDeliveredTakesProofOfEachPiece(t *testing.T) {
	one, two := []string{"112-1"}, []string{"112-1", "112-2"}
	a, b := pieces("A", 1), pieces("B", 1)
	names := func(o zma.Observation, products map[string][]string) zma.Observation {
		o.Products = products
		return o
	}
	cancelled := func(o zma.Observation, ids ...string) zma.Observation {
		o.CancelledMerchantOrders = ids
		return o
	}
	items := func(o zma.Observation, states ...zma.ItemState) zma.Observation {
		o.Items = states
		return o
	}
	for name, c := range map[string]struct {
		items []v1alpha1.OrderItem
		seen  zma.Observation
		want  bool
	}{
		"one piece, without names":                           {[]v1alpha1.OrderItem{a}, seenPlaced(one, seenParcel("1", "", true)), true},
		"one piece, merchant order unknown":                  {[]v1alpha1.OrderItem{a}, seenPlaced(nil, seenParcel("1", "", true)), true},
		"one piece in three boxes, one under way":            {[]v1alpha1.OrderItem{a}, seenPlaced(one, seenParcel("1", "112-1", true, "A"), seenParcel("2", "112-1", false, "A")), false},
		"two products in one parcel":                         {[]v1alpha1.OrderItem{a, b}, seenPlaced(one, seenParcel("1", "112-1", true, "A", "B")), true},
		"written in small letters":                           {[]v1alpha1.OrderItem{a, b}, seenPlaced(one, seenParcel("1", "112-1", true, "a", "b")), true},
		"a parcel with one of two products":                  {[]v1alpha1.OrderItem{a, b}, seenPlaced(one, seenParcel("1", "112-1", true, "A")), false},
		"two pieces of which one is named":                   {[]v1alpha1.OrderItem{pieces("A", 2)}, seenPlaced(one, seenParcel("1", "112-1", true, "A")), false},
		"two pieces in two parcels":                          {[]v1alpha1.OrderItem{pieces("A", 2)}, seenPlaced(one, seenParcel("1", "112-1", true, "A"), seenParcel("2", "112-1", true, "A")), true},
		"two pieces that nobody names":                       {[]v1alpha1.OrderItem{a, b}, seenPlaced(one, seenParcel("1", "112-1", true)), false},
		"two pieces that the merchant order alone names":     {[]v1alpha1.OrderItem{a, b}, names(seenPlaced(one, seenParcel("1", "112-1", true)), map[string][]string{"112-1": {"A", "B"}}), false},
		"a merchant order without tracking":                  {[]v1alpha1.OrderItem{a, b}, seenPlaced(two, seenParcel("1", "112-1", true, "A", "B")), false},
		"two parcels of one of two merchant orders":          {[]v1alpha1.OrderItem{a, b}, seenPlaced(two, seenParcel("1", "112-1", true, "A"), seenParcel("2", "112-1", true, "B")), false},
		"one parcel of both merchant orders":                 {[]v1alpha1.OrderItem{a, b}, seenPlaced(two, zma.Parcel{Number: "1", Delivered: true, Products: []string{"A", "B"}, MerchantOrderIDs: two}), true},
		"a product that its merchant order has not sent":     {[]v1alpha1.OrderItem{a, b}, names(seenPlaced(two, seenParcel("1", "112-1", true, "A", "B"), seenParcel("2", "112-2", true, "A")), map[string][]string{"112-2": {"B"}}), false},
		"the rest of a cancelled merchant order":             {[]v1alpha1.OrderItem{a, b}, names(cancelled(seenPlaced(two, seenParcel("1", "112-1", true, "A")), "112-2"), map[string][]string{"112-1": {"A"}, "112-2": {"B"}}), true},
		"a cancelled merchant order with a parcel under way": {[]v1alpha1.OrderItem{a, b}, names(cancelled(seenPlaced(two, seenParcel("1", "112-1", true, "A"), seenParcel("2", "112-2", false, "B")), "112-2"), map[string][]string{"112-1": {"A"}, "112-2": {"B"}}), true},
		"a product that a cancelled merchant order shares":   {[]v1alpha1.OrderItem{a, b}, names(cancelled(seenPlaced(two, seenParcel("1", "112-1", true, "A")), "112-2"), map[string][]string{"112-1": {"A", "B"}, "112-2": {"B"}}), false},
		"a cancelled merchant order without names":           {[]v1alpha1.OrderItem{a, b}, cancelled(seenPlaced(two, seenParcel("1", "112-1", true, "A")), "112-2"), false},
		"nothing but cancelled merchant orders":              {[]v1alpha1.OrderItem{a}, cancelled(seenPlaced(one, seenParcel("1", "112-1", true, "A")), "112-1"), false},
		"items that have arrived":                            {[]v1alpha1.OrderItem{a, b}, items(seenPlaced(one, seenParcel("1", "", true)), zma.ItemDelivered, zma.ItemDelivered), true},
		"an item that has not":                               {[]v1alpha1.OrderItem{a, b}, items(seenPlaced(one, seenParcel("1", "", true)), zma.ItemDelivered, zma.ItemOpen), false},
		"an item that will not come":                         {[]v1alpha1.OrderItem{a, b}, items(seenPlaced(one, seenParcel("1", "", true)), zma.ItemDelivered, zma.ItemCancelled), true},
		"items of which none will come":                      {[]v1alpha1.OrderItem{a}, items(seenPlaced(one, seenParcel("1", "", true)), zma.ItemCancelled), false},
		"an item that is not shown":                          {[]v1alpha1.OrderItem{a, b}, items(seenPlaced(one, seenParcel("1", "", true)), zma.ItemDelivered), false},
		"nothing shipped":                                    {[]v1alpha1.OrderItem{a}, seenPlaced(one), false},
		"taken back by the retailer":                         {[]v1alpha1.OrderItem{a}, zma.Observation{Phase: zma.CancelledByRetailer, Parcels: []zma.Parcel{seenParcel("1", "", true)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			x, _, _ := bench(t)
			task := buying(c.items...)
			x.place(task, c.seen)
			if got := condition.IsTrue(task.Order, v1alpha1.ConditionDelivered); got != c.want || (condition.ReadyReason(task.Order) == v1alpha1.ReasonDelivered) != c.want {
				t.Errorf("delivered %v with the reason %s, want %v", got, condition.ReadyReason(task.Order), c.want)
			}
		})
	}
}

// TestDeliveredNeedsEveryParcelThatIsKnown: an answer that leaves one out, as a late
// one does, does not end the order; nor does one take the end back.
func TestDeliveredNeedsEveryParcelThatIsKnown(t *testing.T) {
	x, _, _ := bench(t)
	task := buying(pieces("A", 1))
	both := seenPlaced([]string{"112-1"}, seenParcel("1", "112-1", false, "A"), seenParcel("2", "112-1", false, "A"))
	short := seenPlaced([]string{"112-1"}, seenParcel("1", "112-1", true, "A"))
	x.place(task, both)
	x.place(task, short)
	if reason := condition.ReadyReason(task.Order); reason != v1alpha1.ReasonShipped {
		t.Fatalf("%s with a parcel under way", reason)
	}
	// The second arrives while the answer says of the first what it said before.
	both.Parcels[1].Delivered = true
	x.place(task, both)
	if reason := condition.ReadyReason(task.Order); reason != v1alpha1.ReasonDelivered {
		t.Fatalf("%s when both were seen to have arrived", reason)
	}
	both.Parcels[1].Delivered = false
	x.place(task, both)
	if reason := condition.ReadyReason(task.Order); reason != v1alpha1.ReasonDelivered {
		t.Errorf("%s after a late answer", reason)
	}
}

// TestAParcelKeepsItsIdentityUnderNewNumbers: one that counts twice never arrives
// under its first number, and the order stays Shipped for ever.
func TestAParcelKeepsItsIdentityUnderNewNumbers(t *testing.T) {
	at := metav1.NewTime(noon.UTC().Truncate(time.Second))
	retailers := zma.Parcel{Carrier: "AMZL", Number: "TBA1"}
	arrivedAs := func(number, other string, products ...string) zma.Parcel {
		return zma.Parcel{Carrier: "ZNLOGIC", Number: number, OtherNumber: other, Delivered: true, Products: products}
	}
	zpy := []v1alpha1.Tracking{{Carrier: "ZNLOGIC", Number: "ZPY1", DeliveredAt: &at}}
	named := retailers
	named.Products = []string{"A"}
	for name, c := range map[string]struct {
		items int32
		then  [][]zma.Parcel
		want  []v1alpha1.Tracking
		end   string
	}{
		"both numbers are told later":             {1, [][]zma.Parcel{{retailers}, {arrivedAs("ZPY1", "TBA1")}}, zpy, v1alpha1.ReasonDelivered},
		"the new number comes alone":              {1, [][]zma.Parcel{{retailers}, {arrivedAs("ZPY1", "")}}, zpy, v1alpha1.ReasonDelivered},
		"both entries, and both numbers at last":  {1, [][]zma.Parcel{{retailers, arrivedAs("ZPY1", "")}, {arrivedAs("ZPY1", "TBA1")}}, zpy, v1alpha1.ReasonDelivered},
		"one entry each, with the goods of one":   {1, [][]zma.Parcel{{named, arrivedAs("ZPY1", "", "A")}}, zpy, v1alpha1.ReasonDelivered},
		"a number comes to one that had none":     {1, [][]zma.Parcel{{{Carrier: "ZNLOGIC"}}, {arrivedAs("ZPY1", "")}}, zpy, v1alpha1.ReasonDelivered},
		"one entry each, with a piece of two":     {2, [][]zma.Parcel{{named, arrivedAs("ZPY1", "", "A")}}, []v1alpha1.Tracking{{Carrier: "AMZL", Number: "TBA1"}, zpy[0]}, v1alpha1.ReasonShipped},
		"another parcel comes, the first is left": {1, [][]zma.Parcel{{retailers, {Carrier: "UPS", Number: "1Z"}}, {arrivedAs("ZPY1", "")}}, []v1alpha1.Tracking{{Carrier: "AMZL", Number: "TBA1"}, {Carrier: "UPS", Number: "1Z"}, zpy[0]}, v1alpha1.ReasonShipped},
	} {
		t.Run(name, func(t *testing.T) {
			x, _, _ := bench(t)
			task := buying(pieces("A", c.items))
			for _, parcels := range c.then {
				x.place(task, seenPlaced([]string{"112-1"}, parcels...))
			}
			if diff := cmp.Diff(c.want, task.Order.Status.Placement.Tracking); diff != "" || condition.ReadyReason(task.Order) != c.end {
				t.Errorf("%s (-want +got):\n%s", condition.ReadyReason(task.Order), diff)
			}
		})
	}
}

// TestWhatWillNotComeIsSaid, while the order goes on and after it has ended.
func TestWhatWillNotComeIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*zma.Observation)
		want   string
	}{
		"an item":                    {func(o *zma.Observation) { o.Items = []zma.ItemState{zma.ItemDelivered, zma.ItemCancelled} }, "1 of 2 items"},
		"a strange merchant order":   {func(o *zma.Observation) { o.StrayCancellations = []string{"112-9"} }, "112-9"},
		"one that can't be read":     {func(o *zma.Observation) { o.StrayCancellations = []string{""} }, "none of this order's"},
		"nothing is said of nothing": {func(*zma.Observation) {}, ""},
	} {
		x, _, _ := bench(t)
		task := buying(pieces("A", 1))
		seen := seenPlaced([]string{"112-1"}, seenParcel("1", "112-1", true, "A"))
		c.change(&seen)
		x.place(task, seen)
		ready := condition.ReadyReason(task.Order)
		for _, cond := range task.Order.Status.Conditions {
			if (cond.Type == v1alpha1.ConditionReady || cond.Type == v1alpha1.ConditionPlaced) && (!strings.Contains(cond.Message, c.want) || c.want == "" && strings.Count(cond.Message, ".") != 1) {
				t.Errorf("%s: %s says %q", name, cond.Type, cond.Message)
			}
		}
		if ready != v1alpha1.ReasonDelivered {
			t.Errorf("%s: %s", name, ready)
		}
	}
}

// TestACancellationOfARememberedMerchantOrderCounts although the answer does not list
// it any more.
func TestACancellationOfARememberedMerchantOrderCounts(t *testing.T) {
	x, _, _ := bench(t)
	task := buying(pieces("A", 1))
	x.place(task, seenPlaced([]string{"112-1", "112-2"}))
	seen := seenPlaced([]string{"112-1"})
	seen.StrayCancellations = []string{"112-2", "112-9"}
	x.place(task, seen)
	if diff := cmp.Diff([]string{"112-2"}, cancelledOf(task.Order)); diff != "" {
		t.Error(diff)
	}
}
