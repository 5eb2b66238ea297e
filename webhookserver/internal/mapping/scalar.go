package mapping

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// scalar returns the JSON of v, and the text in which to look for a card number.
func scalar(v ref.Val) (text []byte, card string, ok bool) {
	switch v := v.(type) {
	case types.String:
		text, err := json.Marshal(string(v))
		return text, string(v), err == nil
	case types.Bool:
		return strconv.AppendBool(nil, bool(v)), "", true
	case types.Int:
		text = strconv.AppendInt(nil, int64(v), 10)
	case types.Uint:
		text = strconv.AppendUint(nil, uint64(v), 10)
	case types.Double:
		text, ok = fraction(float64(v))
		return text, wholeDigits(string(text)), ok
	case types.Timestamp:
		return []byte(v.UTC().Format(`"` + time.RFC3339 + `"`)), "", true
	case types.Null:
		return []byte("null"), "", true
	default:
		return nil, "", false
	}
	return text, string(text), true
}

// fraction writes a double so that it can't be taken for a whole number: money
// that was computed in doubles is refused, also when it happens to come out even.
func fraction(f float64) ([]byte, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return []byte(text), true
}
