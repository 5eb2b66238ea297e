package mapping

import (
	"math"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// wholeDigits of a number. Those behind the point are no part of a card's: the
// noise of doubles, as in 38.400000000000006, would pass for one.
func wholeDigits(text string) string {
	if !strings.ContainsAny(text, "eE") {
		whole, _, _ := strings.Cut(text, ".")
		return whole
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(math.Trunc(f), 'f', 0, 64)
}

// number reads a JSON number: without fraction and exponent it is an int, which
// must fit 64 bits, for a rounded order number is that of another order.
func (w *walk) number(text string) (ref.Val, error) {
	if err := refuseCard(wholeDigits(text)); err != nil || !w.build {
		return types.NullValue, err
	}
	if strings.ContainsAny(text, ".eE") {
		double, err := strconv.ParseFloat(text, 64)
		if err != nil {
			w.refuse("is a number beyond what 64 bits hold")
		}
		return types.Double(double), nil
	}
	whole, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		w.refuse("is a number beyond what 64 bits hold")
	}
	return types.Int(whole), nil
}
