package zmasim

import (
	"encoding/json"
	"net/http"
	"time"
)

type cancelPhase string

const (
	cancelProcessing cancelPhase = "processing"
	cancelAttempting cancelPhase = "attempting"
	cancelDone       cancelPhase = "done"
	cancelFailed     cancelPhase = "failed"
)

// cancellation is a request of its own, about one merchant order.
type cancellation struct {
	ID              string          `json:"id"`
	OrderID         string          `json:"orderID"`
	MerchantOrderID string          `json:"merchantOrderID"`
	Body            json.RawMessage `json:"body"`
	Phase           cancelPhase     `json:"phase"`
	DueAt           time.Time       `json:"dueAt"`
}

type cancelRequest struct {
	MerchantOrderID string   `json:"merchant_order_id"`
	Webhooks        webhooks `json:"webhooks"`
}

func (s *Server) cancelOrder(c call) answer {
	return s.keyed(c, func() answer {
		o, ok := s.orders[c.id()]
		if !ok {
			return s.unknownID()
		}
		var req cancelRequest
		if json.Unmarshal(c.Body, &req) != nil {
			return errorAnswer(s.opts.Switches.ValidationStatus, "invalid_json", "The body is not a JSON object.", nil)
		}
		if o.Phase != phaseSucceeded {
			return s.invalid("request_id", "only a placed order can be cancelled; abort one in processing")
		}
		if o.merchantOrder(req.MerchantOrderID) == nil {
			return s.invalid("merchant_order_id", "is not one of the order's")
		}
		return accepted(s.startCancellation(o, req.MerchantOrderID, c.Body).ID)
	})
}

func (o *order) merchantOrder(id string) *merchantOrder {
	for i := range o.MerchantOrders {
		if o.MerchantOrders[i].ID == id {
			return &o.MerchantOrders[i]
		}
	}
	return nil
}

func (s *Server) startCancellation(o *order, merchantOrderID string, body []byte) *cancellation {
	x := &cancellation{
		ID: newID(), OrderID: o.ID, MerchantOrderID: merchantOrderID, Body: body,
		Phase: cancelProcessing, DueAt: s.opts.Now().Add(s.opts.Processing),
	}
	s.cancellations[x.ID] = x
	s.noteCancellation(x)
	s.scheduleCancellation(x)
	return x
}

func (s *Server) scheduleCancellation(x *cancellation) {
	s.after(x.DueAt.Sub(s.opts.Now()), func() { s.update(func() { s.advanceCancellation(x) }) })
}

func (s *Server) advanceCancellation(x *cancellation) {
	o := s.orders[x.OrderID]
	if x.Phase == cancelDone || x.Phase == cancelFailed {
		return
	}
	if x.Phase == cancelProcessing && o.scenario.cancel != cancelDirect {
		x.Phase, x.DueAt = cancelAttempting, s.opts.Now().Add(s.opts.Processing)
		s.scheduleCancellation(x)
	} else {
		s.finishCancellation(o, x)
	}
	s.noteCancellation(x)
	s.fireCancellation(x)
}

// finishCancellation fails once a parcel has left, as cancelling is possible only
// before shipping.
func (s *Server) finishCancellation(o *order, x *cancellation) {
	if o.scenario.cancel == cancelRefused || o.shipped(x.MerchantOrderID) {
		x.Phase = cancelFailed
		return
	}
	x.Phase = cancelDone
	if !s.refund(o, func(m merchantOrder) bool { return m.ID == x.MerchantOrderID }) {
		return
	}
	o.addUpdate(s.opts.Now(), "request.cancelled", "Merchant order cancelled", map[string]any{"merchant_order_id": x.MerchantOrderID})
	s.noteOrder(o)
	s.fire(o, "status_updated")
}

func (o *order) shipped(merchantOrderID string) bool {
	for _, p := range o.Parcels {
		if p.MerchantOrderID == merchantOrderID && p.ObtainedAt != nil {
			return true
		}
	}
	return false
}

// refund gives back the shares of the selected merchant orders, each once, and
// reports whether there were any. The purchase counts as cancelled with its last one.
func (s *Server) refund(o *order, selected func(merchantOrder) bool) bool {
	var cents int64
	all := true
	for i := range o.MerchantOrders {
		m := &o.MerchantOrders[i]
		if !m.Cancelled && selected(*m) {
			m.Cancelled = true
			cents += m.ShareCents
			o.dropParcels(m.ID)
		}
		all = all && m.Cancelled
	}
	if cents == 0 {
		return false
	}
	s.book(o.ID, cents, "refund")
	if index, bought := s.purchaseOf[o.ID]; bought && all {
		s.record.Purchases[index].Cancelled = true
		s.notePurchase(index)
	}
	return true
}

func (o *order) dropParcels(merchantOrderID string) {
	var kept []parcel
	for _, p := range o.Parcels {
		if p.MerchantOrderID != merchantOrderID {
			kept = append(kept, p)
		}
	}
	o.Parcels = kept
}

func (s *Server) getCancellation(c call) (a answer) {
	s.update(func() {
		x, ok := s.cancellations[c.id()]
		if !ok {
			a = s.unknownID()
			return
		}
		a = jsonAnswer(http.StatusOK, x.render())
	})
	return a
}

func (x *cancellation) render() map[string]any {
	body := map[string]any{"_type": "error", "request_id": x.ID, "request": x.Body, "data": map[string]any{}}
	switch x.Phase {
	case cancelDone:
		return map[string]any{"_type": "cancellation_response", "request_id": x.ID,
			"merchant_order_id": x.MerchantOrderID, "request": x.Body}
	case cancelAttempting:
		body["code"], body["message"] = "attempting_to_cancel", "The retailer has been asked to cancel."
	case cancelFailed:
		// No code is documented for a refusal.
		body["code"], body["message"] = "cancellation_refused", "The retailer did not cancel."
	default:
		body["code"], body["message"] = "request_processing", "Request is currently processing and will complete soon."
	}
	return body
}
