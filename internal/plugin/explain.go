package plugin

import (
	"fmt"
	"strings"

	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// explanation is a refusal with what is wrong, in a line for each field, or for
// each expression with the place in it.
type explanation struct {
	cause  error
	fields []source.FieldError
}

// explain adds to an error what the sender would be told.
func explain(err error) error {
	if fields := source.FieldErrors(err); len(fields) > 0 {
		return &explanation{err, fields}
	}
	return err
}

// Error implements error.
func (e *explanation) Error() string {
	var out strings.Builder
	out.WriteString(e.cause.Error())
	for _, f := range e.fields {
		fmt.Fprintf(&out, "\n  %s", strings.TrimPrefix(f.Field+": "+f.Detail, ": "))
	}
	return out.String()
}

// Unwrap gives the cause.
func (e *explanation) Unwrap() error { return e.cause }
