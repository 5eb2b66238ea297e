package zma

import (
	"encoding/json"
	"strconv"
	"strings"
)

// cents is an amount in minor units as the provider may write it: a number, a
// number in quotes, or with zeros after the point. Anything else is absent and
// not zero: an amount must never be guessed.
type cents struct {
	value int64
	ok    bool
}

// maxCents bounds an amount, so that sums of a few can't overflow.
const maxCents = int64(1e15)

// UnmarshalJSON implements json.Unmarshaler. It never fails: one odd amount must
// not hide the rest of an answer.
func (c *cents) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		text = quoted
	}
	if whole, fraction, found := strings.Cut(text, "."); found && fraction != "" && strings.Trim(fraction, "0") == "" {
		text = whole
	}
	n, err := strconv.ParseInt(text, 10, 64)
	c.ok = err == nil && -maxCents <= n && n <= maxCents
	c.value = 0
	if c.ok {
		c.value = n
	}
	return nil
}
