package mapping

import "errors"

// FieldError says what is wrong with one field. It holds no value of the body.
type FieldError struct {
	// Field is a path such as items[0].quantity; empty for the whole body.
	Field string `json:"field"`
	// Detail is the rule that was broken.
	Detail string `json:"detail"`
}

// maxFieldErrors and maxFieldBytes bound an answer: the names of unknown fields
// are the sender's own.
const (
	maxFieldErrors = 20
	maxFieldBytes  = 200
)

// ErrCardData means that the body holds what looks like a payment card number.
var ErrCardData = errors.New("body holds a payment card number")

// BodyError means that the body is not an order. Its text names no field, for
// field names are the sender's; Fields go to the sender alone.
type BodyError struct {
	// Fields that are wrong, at most 20.
	Fields []FieldError
}

// Error implements error.
func (e *BodyError) Error() string { return "body is not a valid order" }

func bodyError(field, detail string) *BodyError {
	return &BodyError{Fields: []FieldError{{Field: clip(field), Detail: detail}}}
}

func clip(field string) string {
	if len(field) > maxFieldBytes {
		return field[:maxFieldBytes] + "…"
	}
	return field
}
