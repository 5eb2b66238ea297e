package webhookserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/expression"
	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// accepted is the body of 200 and 202: the same for the first delivery and each
// repetition.
type accepted struct {
	// Order that was made; empty when there are several.
	Order string `json:"order,omitempty"`
	// Orders that were made, when there are several.
	Orders    []string `json:"orders,omitempty"`
	Namespace string   `json:"namespace"`
}

// ignored is the body of 200 for an event that the source does not want.
type ignored struct {
	Ignored bool `json:"ignored"`
}

// webhook turns one delivery into orders. Each line is a step with its own
// bounded cost, cheap ones first; whatever fails ends the request.
func (s *Server) webhook(x *exchange) (*answer, error) {
	src, err := s.findSource(x)
	if err != nil {
		return nil, err
	}
	if err := s.admitOrigin(x, src); err != nil {
		return nil, err
	}
	if err := usable(src); err != nil {
		return nil, err
	}
	if err := s.limitBefore(x.w.Header(), src, clientKey(x.client), x.started); err != nil {
		return nil, err
	}
	if err := checkHeaders(x.r, source.MaxBody(src)); err != nil {
		return nil, err
	}
	body, err := s.readBody(x, source.MaxBody(src))
	if err != nil {
		return nil, err
	}
	proof, err := s.check(x, src, body)
	if err != nil {
		return nil, err
	}
	release, err := s.slots.take()
	if err != nil {
		return nil, err
	}
	defer release()
	digest := deliveryDigest(src, proof, body)
	if a := s.replays.find(digest, x.started); a != nil {
		// Before the source's share is touched: who has captured a request must not
		// use it up.
		return replayed(x, a), nil
	}
	if err := s.limitAfter(x.w.Header(), src, x.started); err != nil {
		return nil, err
	}
	orders, err := s.ordersOf(x, src, body, digest)
	if errors.Is(err, mapping.ErrIgnored) {
		return &answer{status: http.StatusOK, outcome: "ignored", body: ignored{true}}, nil
	}
	if err != nil {
		return nil, err
	}
	a, err := s.take(x, orders)
	if err == nil {
		s.replays.keep(digest, a, proof.SignedAt.Add(tolerance(src)), x.started)
	}
	return a, err
}

// replayed answers a delivery that was answered before.
func replayed(x *exchange, a *answer) *answer {
	x.event = eventReplay
	x.order = a.order
	return &answer{status: http.StatusOK, outcome: "repeated", body: a.body, order: a.order}
}

// ordersOf maps a verified body.
func (s *Server) ordersOf(x *exchange, src *v1alpha1.WebhookSource, body []byte, digest string) ([]*v1alpha1.ZMAOrder, error) {
	mapper, err := s.mappers.Get(src)
	if err != nil {
		return nil, sourceNotReady(err)
	}
	orders, err := mapper.Orders(x.r.Context(), mapping.Input{Body: body, Header: x.r.Header, RequestID: x.requestID, Delivery: digest})
	if err != nil {
		return nil, mappingProblem(err)
	}
	x.order, x.externalID = orders[0].Name, orders[0].Spec.Source.ExternalID
	return orders, nil
}

func mappingProblem(err error) error {
	var body *mapping.BodyError
	var failed *mapping.ExpressionError
	switch {
	case errors.Is(err, mapping.ErrCardData):
		return cardData()
	case errors.As(err, &body):
		return invalidBody(body.Fields)
	case errors.As(err, &failed):
		return mappingFailed(failed.Fields)
	case errors.Is(err, expression.ErrInterrupted):
		// Out of time, on a machine that is too busy: it says nothing of the body.
		return unavailable(briefPause, expression.ErrInterrupted)
	}
	return err
}

// hashExternalID stands for the sender's ID in the delivery log: it may be a
// mail address. Whoever knows an ID can find its rows.
func hashExternalID(id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}
