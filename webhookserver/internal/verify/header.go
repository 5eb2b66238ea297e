package verify

import (
	"net/http"
	"strconv"
	"time"
)

// maxStampDigits is enough for milliseconds of the next 30,000 years.
const maxStampDigits = 15

// one returns the value of a header that was sent in exactly one line. Of two
// lines, what stands before us may have read the other one.
func one(h http.Header, name string) (string, bool) {
	values := h.Values(name)
	if len(values) != 1 || values[0] == "" {
		return "", false
	}
	return values[0], true
}

// moment reads a time in units since 1970: digits alone, without leading zeros.
// The text is what is signed, and each time has only one.
func moment(text string, unit time.Duration) (time.Time, bool) {
	if len(text) > maxStampDigits {
		return time.Time{}, false
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return time.Time{}, false
	}
	if unit == time.Millisecond {
		return time.UnixMilli(int64(n)), true
	}
	return time.Unix(int64(n), 0), true
}
