package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/cel-go/common/types/ref"
)

// Depths of nested objects and lists. An order needs four; what other systems
// send, some more.
const (
	nativeDepth = 16
	mappedDepth = 32
)

// maxValues of a body that expressions look at. In memory a value takes many
// times its place in the body.
const maxValues = 1 << 16

// inspect walks a body once, before anything else is made of it: JSON, UTF-8,
// not too deep, nothing after the value, no key twice in an object, and no card
// number in any string, number or key. With build it returns the value for
// expressions. Errors are ErrCardData or *BodyError.
func inspect(body []byte, maxDepth int, build bool) (ref.Val, error) {
	w := &walk{data: body, maxDepth: maxDepth, build: build}
	value, err := w.whole()
	switch {
	case errors.Is(err, ErrCardData):
		return nil, err
	case err != nil && HasCardNumber(string(body)): // what was not walked may hold one
		return nil, ErrCardData
	}
	return value, err
}

// whole checks the form and reads the one value of the body.
func (w *walk) whole() (ref.Val, error) {
	if !utf8.Valid(w.data) {
		return nil, bodyError("", "is not valid UTF-8")
	}
	if !json.Valid(w.data) {
		return nil, bodyError("", w.syntaxDetail())
	}
	if loneSurrogate(w.data) {
		return nil, bodyError("", "has an escape that is half a character")
	}
	value, err := w.next()
	if err == nil && len(w.wrong) > 0 {
		return nil, &BodyError{Fields: w.wrong}
	}
	return value, err
}

// loneSurrogate tells whether valid JSON has a \\u escape of half a character. The
// decoder would put another one in its place, and different texts become one.
func loneSurrogate(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if i++; data[i] != 'u' {
			continue
		}
		unit := unitOf(data[i+1:])
		if i += 4; !utf16.IsSurrogate(unit) {
			continue
		}
		if i+6 >= len(data) || data[i+1] != '\\' || data[i+2] != 'u' || utf16.DecodeRune(unit, unitOf(data[i+3:])) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// unitOf reads the four digits of an escape.
func unitOf(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 16) // JSON that is valid has four
	return rune(n)
}

// syntaxDetail gives the place of an error without the text that stands there.
func (w *walk) syntaxDetail() string {
	var syntax *json.SyntaxError
	err := json.Unmarshal(w.data, new(json.RawMessage))
	switch {
	case !errors.As(err, &syntax):
		return "is not valid JSON"
	case strings.Contains(syntax.Error(), "exceeded max depth"):
		return w.depthDetail()
	case strings.Contains(syntax.Error(), "unexpected end"), strings.Contains(syntax.Error(), "after top-level value"):
		return "is not one JSON value"
	}
	return fmt.Sprintf("is not valid JSON at byte %d", syntax.Offset)
}

func (w *walk) depthDetail() string {
	return fmt.Sprintf("is nested deeper than %d levels", w.maxDepth)
}

func refuseCard(text string) error {
	if HasCardNumber(text) {
		return ErrCardData
	}
	return nil
}
