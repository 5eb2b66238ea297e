package webhookserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/expression"
	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
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

// outcomeIgnored is that of an event that the source does not want.
const outcomeIgnored = "ignored"

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
	refused := s.admitOrigin(x, src) // sets what a page needs to read whatever comes next
	if err := s.limitBefore(x.w.Header(), src, clientKey(x.client), x.started); err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refused
	}
	if err := usable(src); err != nil {
		return nil, err
	}
	if err := checkHeaders(x.r, source.MaxBody(src)); err != nil {
		return nil, err
	}
	body, err := s.readBody(x, source.MaxBody(src))
	if err != nil {
		return nil, err
	}
	if err := unsigned(x, src); err != nil {
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
	return s.answerOnce(x, src, proof, body)
}

// answerOnce does what a verified request asks for, and answers its copies from
// memory before the source's share is touched: who has captured a request must not
// use it up.
func (s *Server) answerOnce(x *exchange, src *v1alpha1.WebhookSource, proof verify.Result, body []byte) (*answer, error) {
	digest := deliveryDigest(src, proof, body)
	leave, err := s.replays.turn(x.r.Context(), digest, s.o.StoreLine)
	if err != nil {
		return nil, err
	}
	defer leave()
	if m := s.replays.find(digest, src.Generation, x.started); m != nil {
		return m.again(x)
	}
	if err := s.limitAfter(x.w.Header(), src, x.started); err != nil {
		return nil, err
	}
	a, err := s.fulfil(x, src, body, digest)
	if m := remember(x, a, err); m != nil {
		m.key, m.generation, m.until = digest, src.Generation, proof.SignedAt.Add(tolerance(src))
		s.replays.keep(m, x.started)
	}
	return a, err
}

// unsigned refuses a request that carries no signature or token at all: no secret
// could change its answer, so none is read for it.
func unsigned(x *exchange, src *v1alpha1.WebhookSource) error {
	auth := src.Spec.Auth
	_, err := verify.For(auth)(verify.Request{Header: x.r.Header, Now: x.started, Tolerance: tolerance(src)}, nil)
	if !errors.Is(err, verify.ErrNoSignature) {
		return nil
	}
	p := unauthenticated(challenge(auth.Scheme))
	p.event = unauthenticatedEvent(err)
	return p
}

// fulfil does what a verified body asks for.
func (s *Server) fulfil(x *exchange, src *v1alpha1.WebhookSource, body []byte, digest string) (*answer, error) {
	orders, err := s.ordersOf(x, src, body, digest)
	if errors.Is(err, mapping.ErrIgnored) {
		return &answer{status: http.StatusOK, outcome: outcomeIgnored, body: ignored{true}}, nil
	}
	if err != nil {
		return nil, err
	}
	return s.take(x, orders)
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
