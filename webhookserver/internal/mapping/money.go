package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// maxExactDigits is how many significant digits of a decimal number a 64-bit
// float keeps.
const maxExactDigits = 15

var (
	errAmountForm     = errors.New("minorUnits: the amount must be digits, with a point and more digits if there is a fraction")
	errAmountTooLarge = errors.New("minorUnits: the amount is too large")
	errAmountInexact  = errors.New("minorUnits: a number of more than 15 digits is not exact; send it as a string")
	errCurrency       = errors.New("minorUnits: the currency must be an ISO 4217 code in capitals that is in use")
)

// minorUnits turns a decimal amount into whole minor units of the currency, such
// as cents, and never rounds. An amount of more decimals than the currency has is
// refused even if they are zeros: "1.000" is a thousand to some.
func minorUnits(amount, code string) (int64, error) {
	digits, ok := currency.GetDigits(code)
	if !ok {
		return 0, errCurrency
	}
	whole, fraction, point := strings.Cut(amount, ".")
	if !allDigits(whole) || point && !allDigits(fraction) {
		return 0, errAmountForm
	}
	if len(fraction) > int(digits) {
		return 0, fmt.Errorf("minorUnits: the amount has more than the %d decimals of its currency", digits)
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", int(digits)-len(fraction)), 10, 64)
	if err != nil {
		return 0, errAmountTooLarge
	}
	return minor, nil
}

// minorUnitsOfNumber takes the shortest text that stands for the number: 12.99 is
// meant by what is, in memory, a little less.
func minorUnitsOfNumber(amount float64, code string) (int64, error) {
	minor, err := minorUnits(strconv.FormatFloat(amount, 'f', -1, 64), code)
	if err == nil && len(strconv.FormatInt(minor, 10)) > maxExactDigits {
		return 0, errAmountInexact
	}
	return minor, err
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
