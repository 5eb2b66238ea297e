package zmasim

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// returnWindow is how long the goods may be sent back.
const returnWindow = 30 * 24 * time.Hour

// goodsReturn is a request of its own, about products of a placed order.
type goodsReturn struct {
	ID      string          `json:"id"`
	OrderID string          `json:"orderID"`
	Body    json.RawMessage `json:"body"`
	DueAt   time.Time       `json:"dueAt"`
	Done    bool            `json:"done,omitempty"`
}

type returnRequest struct {
	Products   []product `json:"products"`
	ReasonCode string    `json:"reason_code"`
	MethodCode string    `json:"method_code"`
	Webhooks   webhooks  `json:"webhooks"`
}

func (s *Server) returnOrder(c call) answer {
	return s.keyed(c, func() answer {
		o, ok := s.orders[c.id()]
		if !ok {
			return s.unknownID()
		}
		var req returnRequest
		if json.Unmarshal(c.Body, &req) != nil {
			return errorAnswer(s.opts.Switches.ValidationStatus, "invalid_json", "The body is not a JSON object.", nil)
		}
		if wrong := o.wrongReturn(req); wrong != nil {
			return s.invalidAll(wrong)
		}
		if s.returning(o) {
			return errorAnswer(s.opts.Switches.ValidationStatus, "return_in_progress", "A return of this order is under way.", nil)
		}
		return accepted(s.startReturn(o, c.Body).ID)
	})
}

// wrongReturn tells what is wrong with a return; nil for nothing.
func (o *order) wrongReturn(req returnRequest) []validatorError {
	var c check
	c.that(o.Phase == phaseSucceeded, "request_id", "only goods of a placed order can be returned")
	c.that(len(req.Products) > 0, "products", "is required")
	for _, p := range req.Products {
		c.that(p.Quantity >= 1 && p.Quantity <= o.quantityOf(p.ProductID), "products", "holds more than was ordered")
	}
	c.that(req.ReasonCode != "", "reason_code", "is required")
	c.that(req.MethodCode != "", "method_code", "is required")
	return c.errs
}

func (o *order) quantityOf(productID string) (n int64) {
	for _, p := range o.req.Products {
		if p.ProductID == productID {
			n += p.Quantity
		}
	}
	return n
}

// returning tells whether a return of the order is under way.
func (s *Server) returning(o *order) bool {
	for _, g := range s.returns {
		if g.OrderID == o.ID && !g.Done {
			return true
		}
	}
	return false
}

func (s *Server) startReturn(o *order, body []byte) *goodsReturn {
	g := &goodsReturn{ID: newID(), OrderID: o.ID, Body: body, DueAt: s.opts.Now().Add(s.opts.Processing)}
	s.returns[g.ID] = g
	s.note(entry{Return: g})
	s.scheduleReturn(g)
	return g
}

func (s *Server) scheduleReturn(g *goodsReturn) {
	s.after(g.DueAt.Sub(s.opts.Now()), func() { s.update(func() { s.finishReturn(g) }) })
}

// finishReturn moves no money: when the goods have arrived is not simulated.
func (s *Server) finishReturn(g *goodsReturn) {
	if g.Done {
		return
	}
	g.Done = true
	s.note(entry{Return: g})
	var req returnRequest
	_ = json.Unmarshal(g.Body, &req) // parsed before
	body := mustJSON(g.render())
	for _, target := range req.Webhooks.of("request_succeeded") {
		s.dispatch(delivery{requestID: g.ID, event: "request_succeeded", url: target, body: body}, s.orders[g.OrderID])
	}
}

func (s *Server) getReturn(c call) (a answer) {
	s.update(func() {
		g, ok := s.returns[c.id()]
		if !ok {
			a = s.unknownID()
			return
		}
		a = jsonAnswer(http.StatusOK, g.render())
	})
	return a
}

func (g *goodsReturn) render() map[string]any {
	if !g.Done {
		return map[string]any{
			"_type": "error", "code": "return_in_progress", "message": "The return is under way.", "request_id": g.ID, "request": g.Body,
			"data": map[string]any{"status": map[string]any{"status": "in_progress", "description": "The retailer has been asked."}},
		}
	}
	return map[string]any{
		"_type": "return_response", "request_id": g.ID, "request": g.Body,
		"merchant_return_id": "D" + strings.ToUpper(g.ID[:8]),
		"return_by":          stamp(g.DueAt.Add(returnWindow)),
		"label_urls":         []string{"https://labels.example.com/" + g.ID + ".pdf"},
	}
}
