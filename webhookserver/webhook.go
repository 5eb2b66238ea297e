package webhookserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
)

// accepted is the body of 200 and 202: the same for the first delivery and each
// repetition.
type accepted struct {
	Order     string `json:"order"`
	Namespace string `json:"namespace"`
}

// webhook turns one delivery into an order. Each line is a step with its own
// bounded cost, cheap ones first; whatever fails ends the request.
func (s *Server) webhook(x *exchange) (*answer, error) {
	src, err := s.findSource(x)
	if err != nil {
		return nil, err
	}
	if err := checkHeaders(x.r, maxBody(src)); err != nil {
		return nil, err
	}
	if err := s.limitBefore(src, clientKey(x.client), x.started); err != nil {
		return nil, err
	}
	body, err := readBody(x, maxBody(src))
	if err != nil {
		return nil, err
	}
	if err := s.authenticate(x, src, body); err != nil {
		return nil, err
	}
	if err := s.limitAfter(src, x.started); err != nil {
		return nil, err
	}
	native, err := mapping.Decode(body)
	if err != nil {
		return nil, decodeProblem(err)
	}
	order, err := mapping.Order(src, native, x.requestID)
	if err != nil {
		return nil, err
	}
	x.order, x.externalID = order.Name, native.ExternalID
	fresh, err := s.store(x.r.Context(), order)
	if err != nil {
		return nil, err
	}
	a := &answer{status: http.StatusOK, outcome: "repeated", body: accepted{Order: order.Name, Namespace: order.Namespace}}
	if fresh {
		a.status, a.outcome = http.StatusAccepted, "accepted"
	}
	return a, nil
}

func decodeProblem(err error) error {
	var body *mapping.BodyError
	switch {
	case errors.Is(err, mapping.ErrCardData):
		return cardData()
	case errors.As(err, &body):
		return invalidBody(body.Fields)
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
