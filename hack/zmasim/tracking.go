package zmasim

import (
	"slices"
	"time"
)

// scheduleAfterSuccess plans what follows a placed order by itself; after a
// restart too.
func (s *Server) scheduleAfterSuccess(o *order) {
	now := s.opts.Now()
	if o.scenario.retailerCancel {
		at := o.OutcomeAt.Add(orElse(s.opts.Delivery, s.opts.Processing))
		s.after(at.Sub(now), func() { s.retailerCancels(o) })
		return
	}
	if s.opts.Delivery == 0 {
		return
	}
	// 2n steps, evenly spread: n parcels get tracking, then n are delivered.
	if taken, steps := o.steps(); taken < steps {
		at := o.OutcomeAt.Add(s.opts.Delivery * time.Duration(taken+1) / time.Duration(steps))
		s.after(at.Sub(now), func() { s.step(o, taken) })
	}
}

func (o *order) steps() (taken, all int) { return o.stepsOf("") }

// stepsOf counts the steps of the parcels that have a product; of all, without one.
func (o *order) stepsOf(productID string) (taken, all int) {
	for _, p := range o.Parcels {
		if productID != "" && !slices.Contains(o.productsOf(p), productID) {
			continue
		}
		all += 2
		if p.ObtainedAt != nil {
			taken++
		}
		if p.DeliveredAt != nil {
			taken++
		}
	}
	return taken, all
}

// Advance moves a placed order one step: the next parcel gets its tracking, or, when all
// have it, the next one is delivered; of ProductPieces each is delivered before the next
// gets its tracking. It reports whether there was a step to take.
func (s *Server) Advance(requestID string) (moved bool) {
	s.update(func() {
		if o, ok := s.orders[requestID]; ok {
			moved = s.move(o)
		}
	})
	return moved
}

// step is Advance by the clock; a step that Advance took meanwhile is not taken twice.
func (s *Server) step(o *order, expected int) {
	s.update(func() {
		if taken, _ := o.steps(); taken == expected {
			s.move(o)
		}
		s.scheduleAfterSuccess(o)
	})
}

func (s *Server) move(o *order) bool {
	now := s.opts.Now()
	for i := range o.Parcels {
		if o.Parcels[i].ObtainedAt == nil {
			o.Parcels[i].ObtainedAt = &now
			s.moved(o, now, "shipment.shipped", i == len(o.Parcels)-1)
			return true
		}
		if o.scenario.pieces && o.Parcels[i].DeliveredAt == nil {
			break // each piece arrives before the next one leaves
		}
	}
	for i := range o.Parcels {
		if o.Parcels[i].DeliveredAt == nil {
			o.Parcels[i].DeliveredAt = &now
			s.moved(o, now, "shipment.delivered", false)
			return true
		}
	}
	return false
}

func (s *Server) moved(o *order, now time.Time, update string, complete bool) {
	o.addUpdate(now, update, "Shipment changed", nil)
	s.noteOrder(o)
	s.fire(o, "tracking_updated")
	if complete {
		s.fire(o, "tracking_obtained")
	}
	s.fire(o, "status_updated")
}

// retailerCancels takes a placed order back. The request itself stays successful:
// only status updates and the case tell.
func (s *Server) retailerCancels(o *order) {
	s.update(func() {
		if !s.refund(o, func(merchantOrder) bool { return true }) {
			return
		}
		now := s.opts.Now()
		o.addUpdate(now, "order.cancelled", "The retailer cancelled the order", map[string]any{"reason": "payment"})
		o.Case.open(now, "cancel.forced_cancellation", "The retailer cancelled the order.")
		o.Case.add(now, "case.refund.full", "The amount was returned to the balance.")
		s.noteOrder(o)
		s.fire(o, "status_updated")
		s.fire(o, "case_updated")
	})
}
