package zma

import (
	"encoding/json"
	"fmt"
	"strings"
)

// v2Fault is what an error of version 2 says, whichever of its three forms it
// comes in: inside "error", flat, or as the list of a validator in "detail".
type v2Fault struct {
	// code of the error; empty when the body is no error.
	code string
	// fields of the request that it speaks of, with dots between their parts.
	fields []string
}

// codeValidation is the documented code of a validator's list, which has none.
const codeValidation = "validation_error"

func parseV2Fault(body []byte) v2Fault {
	var b struct {
		Code    json.RawMessage `json:"code"`
		Details json.RawMessage `json:"details"`
		Error   json.RawMessage `json:"error"`
		Detail  json.RawMessage `json:"detail"`
	}
	if decode(body, &b) != nil {
		return v2Fault{}
	}
	if isObject(b.Error) {
		return parseV2Fault(b.Error)
	}
	if isObject(b.Detail) {
		return parseV2Fault(b.Detail)
	}
	f := v2Fault{code: word(b.Code), fields: append(fieldsOf(b.Details), fieldsOf(b.Detail)...)}
	if f.code == "" && len(f.fields) > 0 {
		f.code = codeValidation
	}
	if f.code != "" && !plainWord(f.code) {
		f.code = codeUnnamed
	}
	return f
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// fieldsOf names the fields that details speak of, wherever they name them: of
// the details' shape only the names of its parts are documented.
func fieldsOf(raw json.RawMessage) []string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return collectFields(v, nil)
}

func collectFields(v any, out []string) []string {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			out = collectFields(inner, out)
		}
	case map[string]any:
		for name, inner := range v {
			switch name {
			case "loc", "field", "path":
				out = append(out, fieldName(inner))
			default:
				out = collectFields(inner, out)
			}
		}
	}
	return out
}

func fieldName(v any) string {
	name := fmt.Sprint(v)
	if parts, ok := v.([]any); ok {
		name = strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(fmt.Sprint(parts), " ", "."), "["), "]")
	}
	return strings.TrimPrefix(name, "body.")
}

// aboutAddress tells whether every field that the error speaks of is the
// address's: with one of another kind, a better address would not help.
func (f v2Fault) aboutAddress() bool {
	for _, field := range f.fields {
		if field != "shipping_address" && !strings.HasPrefix(field, "shipping_address.") {
			return false
		}
	}
	return len(f.fields) > 0
}
