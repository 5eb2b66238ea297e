package mapping

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// exact is a number of a body as it was written, of which a double would be
// another number: 12.999999999999999999 would be 13. Nothing takes it but
// minorUnits, which looks at every digit.
type exact string

const exactName = "exact_number"

var errExact = errors.New("a number of more digits than a double keeps")

// ConvertToNative implements ref.Val.
func (exact) ConvertToNative(reflect.Type) (any, error) { return nil, errExact }

// ConvertToType implements ref.Val.
func (e exact) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return types.NewOpaqueType(exactName)
	}
	return types.WrapErr(errExact)
}

// Equal implements ref.Val: it equals no double.
func (e exact) Equal(other ref.Val) ref.Val { return types.Bool(e == other) }

// Type implements ref.Val.
func (exact) Type() ref.Type { return types.NewOpaqueType(exactName) }

// Value implements ref.Val.
func (e exact) Value() any { return string(e) }

// keeps tells whether the shortest text of a double means the same number as the
// text from which it was read.
func keeps(f float64, text string) bool {
	digits, exponent, ok := decimal(text)
	keptDigits, keptExponent, _ := decimal(strconv.FormatFloat(f, 'e', -1, 64))
	return ok && digits == keptDigits && exponent == keptExponent
}

// decimal returns the significant digits of a JSON number, which is that integer
// times ten to the exponent; without its sign.
func decimal(text string) (digits string, exponent int, ok bool) {
	mantissa, power, scaled := strings.Cut(strings.ToLower(text), "e")
	if scaled {
		n, err := strconv.Atoi(power)
		if err != nil {
			return "", 0, false
		}
		exponent = n
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	all := strings.TrimLeft(whole+fraction, "0")
	digits = strings.TrimRight(all, "0")
	if digits == "" {
		return "", 0, true
	}
	return digits, exponent - len(fraction) + len(all) - len(digits), true
}
