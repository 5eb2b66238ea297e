package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth of nested objects and lists. An order needs four.
const maxDepth = 16

// Inspect walks a body once, before anything is built from it: JSON, UTF-8, not
// too deep, nothing after the value, and no card number in any string, number
// or field name. Errors are ErrCardData or *BodyError.
func Inspect(body []byte) error {
	if !utf8.Valid(body) {
		return bodyError("", "is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	depth, values := 0, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bodyError("", syntaxDetail(err))
		}
		if depth == 0 {
			values++
		}
		if depth += nesting(token); depth > maxDepth {
			return bodyError("", fmt.Sprintf("is nested deeper than %d levels", maxDepth))
		}
		if holdsCard(token) {
			return ErrCardData
		}
	}
	if depth != 0 || values != 1 {
		return bodyError("", "is not one JSON value")
	}
	return nil
}

func nesting(t json.Token) int {
	switch t {
	case json.Delim('{'), json.Delim('['):
		return 1
	case json.Delim('}'), json.Delim(']'):
		return -1
	}
	return 0
}

func holdsCard(t json.Token) bool {
	switch v := t.(type) {
	case string:
		return HasCardNumber(v)
	case json.Number:
		return HasCardNumber(v.String())
	}
	return false
}

// syntaxDetail gives the place of an error without the text that stands there.
func syntaxDetail(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("is not valid JSON at byte %d", syntax.Offset)
	}
	return "is not valid JSON"
}
