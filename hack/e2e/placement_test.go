package e2e

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestPlacementsAreFollowedToTheirLastPiece: Delivered is an end, so nothing but the
// arrival of everything may lead to it, and nothing that is none of the order's may
// lead away from it.
func TestPlacementsAreFollowedToTheirLastPiece(t *testing.T) {
	t.Parallel()
	s := &scene{world: newWorld(t, settings{})}
	pieces := s.send(shop.NewOrder("pieces", item(zmasim.ProductPieces), item(zmasim.ProductOK)))
	renumbered, strange, cheaper := s.buy("renumbered", zmasim.ProductRenumbered), s.buy("strange", zmasim.ProductStranger), s.buy("cheaper", zmasim.ProductDiscount)
	t.Run("one of two products has arrived, the other has no parcel yet", func(t *testing.T) {
		id := s.step(pieces, 2)
		s.waitFor(pieces, "one parcel that has arrived", arrivedParcels(1))
		s.readAgain(id, 2)
		s.stays(pieces, v1alpha1.ReasonShipped, "one of two products has arrived")
		s.step(pieces, 2)
		s.waitForReason(pieces, v1alpha1.ReasonDelivered)
	})
	t.Run("a parcel that gets another number is one parcel", func(t *testing.T) {
		s.step(renumbered, 1)
		s.waitFor(renumbered, "the retailer's number", func(o *v1alpha1.ZMAOrder) bool { return numbers(o) == "TBA" })
		s.step(renumbered, 1)
		if o := s.waitForReason(renumbered, v1alpha1.ReasonDelivered); numbers(o) != "ZPY" {
			t.Errorf("the order's parcels are %+v", o.Status.Placement.Tracking)
		}
	})
	t.Run("a cancelled merchant order of somebody else's is told, and cancels nothing", func(t *testing.T) {
		o := s.waitFor(strange, "Ready", isReady)
		s.readAgain(o.Status.Submission.RequestID, 2)
		s.stays(strange, v1alpha1.ReasonPlaced, "another merchant order was cancelled")
		if o, err := s.order(strange); err != nil || o.Status.Cancellation != nil || !strings.Contains(readyMessage(o), "112-9999999-9999999") {
			t.Errorf("the order has the cancellation %+v and says %q: %v", o.Status.Cancellation, readyMessage(o), err)
		}
		s.step(strange, 2)
		s.waitForReason(strange, v1alpha1.ReasonDelivered)
	})
	t.Run("a discount that is told as a negative part is booked", func(t *testing.T) {
		o := s.waitFor(cheaper, "Ready", isReady)
		want := zmasim.Quote("cheapest", zmasim.Line{ProductID: zmasim.ProductDiscount, Quantity: 1}).Total
		if got := o.Status.Cost.Actual; got.TotalCents != want || got.ShippingCents != 0 || got.AdjustmentCents != -300 {
			t.Errorf("the cost is %+v, the provider charged %d", *got, want)
		}
		s.check(s.accountedOnce("cheaper"))
	})
}

// TestPlacementOfVersion2EndsWithItsItems: an item that the retailer has cancelled does
// not keep the order open, and is not passed over in silence.
func TestPlacementOfVersion2EndsWithItsItems(t *testing.T) {
	t.Parallel()
	s := &scene{world: newWorld(t, settings{v2: true})}
	gone := s.send(shop.NewOrder("gone", item(zmasim.ProductItemGone), item(zmasim.ProductOK)))
	pieces := s.send(shop.NewOrder("pieces", item(zmasim.ProductPieces), item(zmasim.ProductOK)))
	s.step(pieces, 2)
	s.waitFor(pieces, "one parcel that has arrived", arrivedParcels(1))
	s.step(gone, 2)
	if o := s.waitForReason(gone, v1alpha1.ReasonDelivered); !strings.Contains(readyMessage(o), "1 of 2 items") {
		t.Errorf("it does not say that an item will not come: %q", readyMessage(o))
	}
	s.stays(pieces, v1alpha1.ReasonShipped, "one of two items has arrived")
	s.step(pieces, 2)
	s.waitForReason(pieces, v1alpha1.ReasonDelivered)
}

// TestVersion2WalletIsNotHeldTwice: the provider has taken off what it holds for the
// first order, and our own reservation for it must not be taken off again.
func TestVersion2WalletIsNotHeldTwice(t *testing.T) {
	t.Parallel()
	s := &scene{world: newWorld(t, settings{v2: true, sim: zmasim.Options{Processing: 30 * time.Second}})}
	s.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Balance.PollInterval = &metav1.Duration{Duration: time.Second} })
	const ceiling, fee = 4990, 100
	s.balance(2*ceiling + 2*fee)
	first := s.upTo("first", ceiling)
	s.waitForReason(first, v1alpha1.ReasonProcessing)
	if !eventually(func() bool {
		a := s.account().Status
		return a.ReservedCents == ceiling && a.AvailableCents != nil && *a.AvailableCents == ceiling+2*fee
	}) {
		t.Fatalf("the account's figures are %+v", s.account().Status)
	}
	second := s.upTo("second", ceiling)
	s.waitFor(second, "sent, as the wallet can pay both", func(o *v1alpha1.ZMAOrder) bool {
		return o.Status.Submission != nil && o.Status.Submission.RequestID != ""
	})
	third := s.upTo("third", ceiling)
	s.waitForReason(third, v1alpha1.ReasonAwaitingFunds)
	s.expectCalls(s.manualIdentity(third), 0, 0, 0)
}

// step moves the parcels of a placed order.
func (s *scene) step(name string, times int) (requestID string) {
	s.t.Helper()
	requestID = s.waitFor(name, "Ready", isReady).Status.Submission.RequestID
	for range times {
		if !s.sim.Advance(requestID) {
			s.t.Fatalf("order %s has no step to take", name)
		}
	}
	return requestID
}

// arrivedParcels tells whether an order has that many parcels, all of which have
// arrived.
func arrivedParcels(n int) func(*v1alpha1.ZMAOrder) bool {
	return func(o *v1alpha1.ZMAOrder) bool {
		for _, tr := range o.Status.Placement.Tracking {
			if tr.DeliveredAt == nil {
				return false
			}
		}
		return len(o.Status.Placement.Tracking) == n
	}
}

// numbers are the kinds of the parcels' numbers.
func numbers(o *v1alpha1.ZMAOrder) string {
	var kinds []string
	for _, tr := range o.Status.Placement.Tracking {
		kinds = append(kinds, tr.Number[:min(3, len(tr.Number))])
	}
	return strings.Join(kinds, " ")
}
