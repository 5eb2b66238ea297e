package source

import (
	"context"
	"errors"
	"net/http"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
)

// ErrIgnored means that the source's filter is false for the event.
var ErrIgnored = mapping.ErrIgnored

// FieldError says what is wrong with one field of a body, or where an expression
// failed over it.
type FieldError = mapping.FieldError

// Compile tells what is wrong with the expressions of a source, with the place:
// "mapping.order:3:14: undeclared reference to 'bdy'".
func Compile(s *v1alpha1.WebhookSource) error {
	_, err := mapping.Compile(s)
	return err
}

// Preview makes the orders that the endpoint would make of a verified body, under
// the same names, and sends nothing. ErrIgnored is returned for events that the
// source does not want; what FieldErrors finds in other errors is what the sender
// would be told.
func Preview(ctx context.Context, s *v1alpha1.WebhookSource, body []byte, header http.Header) ([]*v1alpha1.ZMAOrder, error) {
	m, err := mapping.Compile(s)
	if err != nil {
		return nil, err
	}
	return m.Orders(ctx, mapping.Input{Body: body, Header: header})
}

// FieldErrors are the fields that an error of Preview is about.
func FieldErrors(err error) []FieldError {
	var body *mapping.BodyError
	var expression *mapping.ExpressionError
	switch {
	case errors.As(err, &body):
		return body.Fields
	case errors.As(err, &expression):
		return expression.Fields
	}
	return nil
}
