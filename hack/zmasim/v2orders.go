package zmasim

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// feeV2Cents is the provider's fee per order. It is held back while an order is
// worked on, and not charged: what an order costs stays its total.
const feeV2Cents = 100

// createOrderV2 accepts a body as a new order, or refuses it. A key that has an
// order is refused: unlike version 1, no answer is given twice. A refusal uses up
// no key.
func (s *Server) createOrderV2(c call) (a answer) {
	s.update(func() { a = s.placeV2(c) })
	return a
}

func (s *Server) placeV2(c call) answer {
	var req requestV2
	if err := json.Unmarshal(c.Body, &req); err != nil {
		return refusedByValidator([]validatorErrorV2{{Loc: []any{"body"}, Msg: "not the JSON of an order", Type: "json_invalid"}})
	}
	if wrong := req.validate(); len(wrong) > 0 {
		return refusedByValidator(wrong)
	}
	if s.opts.Switches.V2FundsFirst && s.spendable() < *req.MaxPrice+feeV2Cents {
		return s.noFundsV2(req)
	}
	name := answerName{Path: "/v1/orders", Key: c.Head.Key}
	if known, ok := s.answers[name]; ok && c.Head.Key != "" && known.RequestID != "" {
		return s.errorV2(http.StatusConflict, "already_exists", "The idempotency key was used.", map[string]any{"identifier": c.Head.Key})
	}
	for _, p := range req.Products {
		if p.asin() == "" {
			return s.errorV2(http.StatusBadRequest, "unsupported_retailer", "The retailer is not supported.", map[string]any{"url": p.URL})
		}
	}
	if code := scenarioOf(c.Head.ProductID).refused; code != "" {
		return s.errorV2(statusOfCodeV2(code), code, "Refused at once.", nil)
	}
	if s.spendable() < *req.MaxPrice+feeV2Cents {
		return s.noFundsV2(req)
	}
	return s.acceptV2(c, name)
}

// acceptV2 remembers the key where version 1 looks for it too.
func (s *Server) acceptV2(c call, name answerName) answer {
	o := s.acceptAs(&order{ID: newUUID(), Body: c.Body, V2: true}, c.Head)
	s.after(o.startsAt().Sub(s.opts.Now()), func() { s.update(func() { s.startedV2(o) }) })
	if name.Key != "" {
		known := keyedAnswer{Name: name, BodySHA256: c.bodySHA256(), Status: http.StatusOK, Body: accepted(o.ID).Body, RequestID: o.ID}
		s.answers[name] = known
		s.note(entry{Answer: &known})
	}
	return s.shownV2(http.StatusCreated, o)
}

// startedV2 tells of an order whose work begins, once.
func (s *Server) startedV2(o *order) {
	if o.processing() && !o.DueAt.IsZero() && !o.StartedV2 {
		o.StartedV2 = true
		s.noteOrder(o)
		s.fireV2(o, "order.started")
	}
}

// startsAt is when the provider's work begins: half of its time an order waits,
// and can be stopped. One that is processed for ever waits for ever.
func (o *order) startsAt() time.Time {
	switch {
	case o.scenario.abort == abortTooLate:
		return o.CreatedAt
	case o.DueAt.IsZero():
		return o.CreatedAt.Add(100 * 365 * 24 * time.Hour)
	}
	return o.CreatedAt.Add(o.DueAt.Sub(o.CreatedAt) / 2)
}

// spendable is the balance without what the orders under way may cost.
func (s *Server) spendable() int64 {
	left := s.balance
	for _, o := range s.sequence {
		if o.V2 && o.processing() {
			left -= o.req.maxPriceCents() + feeV2Cents
		}
	}
	return left
}

func (s *Server) noFundsV2(req requestV2) answer {
	return s.errorV2(http.StatusPaymentRequired, "insufficient_funds", "The wallet can't cover the order.",
		map[string]any{"required": *req.MaxPrice + feeV2Cents, "available": s.spendable()})
}

// orderV2 finds an order of this version.
func (s *Server) orderV2(id string) (*order, bool) {
	o, ok := s.orders[id]
	return o, ok && o.V2
}

func (s *Server) getOrderV2(c call) (a answer) {
	s.update(func() {
		o, ok := s.orderV2(c.id())
		if !ok {
			a = s.notFoundV2()
			return
		}
		a = s.shownV2(http.StatusOK, o)
	})
	return a
}

func (s *Server) shownV2(status int, o *order) answer {
	a := jsonAnswer(status, o.renderV2(s.opts.Now()))
	a.RequestID = o.ID
	return a
}

// cancelOrderV2 stops an order that still waits.
func (s *Server) cancelOrderV2(c call) (a answer) {
	s.update(func() {
		o, ok := s.orderV2(c.id())
		switch {
		case !ok:
			a = s.notFoundV2()
		case o.statusV2(s.opts.Now()) != "pending":
			a = s.errorV2(http.StatusUnprocessableEntity, "order_not_cancellable", "The order is past cancelling.", nil)
		default:
			s.abort(o)
			a = answer{Status: http.StatusNoContent}
		}
	})
	return a
}

func (s *Server) getWallet(call) (a answer) {
	s.update(func() {
		a = jsonAnswer(http.StatusOK, map[string]any{
			"id": "wallet", "user_id": 1, "wallet_type": "prepaid", "balance": s.balance, "spendable_balance": s.spendable(),
			"order_fee_cents": feeV2Cents, "billed_by_invoice": false,
		})
	})
	return a
}

// newUUID returns a random UUID, as version 2's IDs are.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
