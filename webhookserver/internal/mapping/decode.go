package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	kjson "sigs.k8s.io/json"
)

// Decode reads a native order. Unknown fields, duplicate keys and keys in
// another case are errors: a field that is silently ignored may be an address.
// Errors are ErrCardData or *BodyError; neither holds a value of the body.
func Decode(body []byte) (*NativeOrder, error) {
	if _, err := inspect(body, nativeDepth, false); err != nil {
		return nil, err
	}
	return decodeWhole(body)
}

// decodeWhole decodes an inspected body and wants it to be complete.
func decodeWhole(body []byte) (*NativeOrder, error) {
	n, err := decode(body)
	if err != nil {
		return nil, err
	}
	return n, n.complete()
}

// decode reads an order without looking at what is missing.
func decode(body []byte) (*NativeOrder, error) {
	var n *NativeOrder
	strict, err := kjson.UnmarshalStrict(body, &n)
	if err != nil {
		return nil, typeError(body)
	}
	if len(strict) > 0 {
		return nil, strictError(strict)
	}
	if n == nil {
		return nil, bodyError("", "must be an object")
	}
	return n, nil
}

func strictError(strict []error) *BodyError {
	e := &BodyError{}
	for _, err := range strict[:min(len(strict), maxFieldErrors)] {
		f := FieldError{Detail: "is unknown"}
		var field kjson.FieldError
		if errors.As(err, &field) {
			f.Field = clip(field.FieldPath())
		}
		e.Fields = append(e.Fields, f)
	}
	return e
}

// typeError finds the field of a value that could not be decoded. The strict
// decoder's own error quotes the value, so the standard one is asked, which
// keeps field and type apart.
func typeError(body []byte) *BodyError {
	err := json.Unmarshal(body, new(NativeOrder))
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return bodyError(wrong.Field, fmt.Sprintf("must be %s", kindName(wrong.Type)))
	}
	return bodyError("", "has a value of the wrong form")
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}
