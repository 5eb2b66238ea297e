package zma

import (
	"encoding/json"
	"strconv"
	"time"
)

// moment is a time as the provider may write it: RFC 3339, or milliseconds since
// 1970 as a number, in quotes or not. Anything else is absent: a time must never
// be guessed.
type moment struct{ time.Time }

// earliest and latest bound the milliseconds that are a time. Whatever is
// smaller counts something else, such as seconds.
const (
	earliest = int64(946_684_800_000)     // the year 2000
	latest   = int64(253_402_300_799_999) // the last that RFC 3339 can write
)

// UnmarshalJSON implements json.Unmarshaler. It never fails: one odd time must not
// hide the rest of an answer.
func (m *moment) UnmarshalJSON(raw []byte) error {
	m.Time = time.Time{}
	text := string(raw)
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		text = quoted
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		m.Time = at.UTC()
	} else if ms, err := strconv.ParseInt(text, 10, 64); err == nil && earliest <= ms && ms <= latest {
		m.Time = time.UnixMilli(ms).UTC()
	}
	return nil
}

// or gives another moment when there is none.
func (m moment) or(other moment) time.Time {
	if m.IsZero() {
		return other.Time
	}
	return m.Time
}
