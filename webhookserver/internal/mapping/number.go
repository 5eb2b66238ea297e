package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// wholeDigits of a number, exactly: a float would round them. Those behind the point are
// no part of a card's: the noise of doubles, as in 38.400000000000006, would pass for one.
func wholeDigits(text string) string {
	mantissa, power, scaled := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	if !scaled {
		return whole
	}
	exponent, err := strconv.Atoi(power)
	digits := strings.TrimLeft(whole+fraction, "0")
	point := exponent + len(digits) - len(fraction)
	if err != nil || point < minCardDigits || point > maxCardDigits {
		return "" // no number of a card's length
	}
	return (digits + strings.Repeat("0", maxCardDigits))[:point]
}

// maxNumber is how many characters a number of a mapped body may have: its digits
// are looked at each time that it is compared.
const maxNumber = 400

// number reads a JSON number: without fraction and exponent it is an int, which
// must fit 64 bits, for a rounded order number is that of another order. Others
// are doubles, unless one would round them.
func (w *walk) number(text string) (ref.Val, error) {
	if err := refuseCard(wholeDigits(text)); err != nil || !w.build {
		return types.NullValue, err
	}
	if len(text) > maxNumber {
		w.refuse(fmt.Sprintf("is a number of more than %d characters", maxNumber))
		return types.NullValue, nil
	}
	if strings.ContainsAny(text, ".eE") {
		double, err := strconv.ParseFloat(text, 64)
		if err != nil {
			w.refuse("is a number beyond what 64 bits hold")
		}
		if !keeps(double, text) {
			return exact(text), nil
		}
		return types.Double(double), nil
	}
	whole, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		w.refuse("is a number beyond what 64 bits hold")
	}
	return types.Int(whole), nil
}
