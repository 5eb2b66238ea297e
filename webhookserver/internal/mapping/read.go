package mapping

import (
	"bytes"
	"encoding/json"
)

// peek goes to the next character that is no white space.
func (w *walk) peek() byte {
	for w.data[w.at] == ' ' || w.data[w.at] == '\t' || w.data[w.at] == '\r' || w.data[w.at] == '\n' {
		w.at++
	}
	return w.data[w.at]
}

// skip goes past a separator, if it is there.
func (w *walk) skip(separator byte) {
	if w.peek() == separator {
		w.at++
		w.peek()
	}
}

// text reads a string.
func (w *walk) text() string {
	from, escaped := w.at, false
	for w.at++; w.data[w.at] != '"'; w.at++ {
		if w.data[w.at] == '\\' {
			escaped = true
			w.at++
		}
	}
	w.at++
	if !escaped {
		return string(w.data[from+1 : w.at-1])
	}
	var s string
	_ = json.Unmarshal(w.data[from:w.at], &s) // valid, as the whole is
	return s
}

// digits reads all that belongs to a number.
func (w *walk) digits() string {
	from := w.at
	for w.at < len(w.data) && bytes.IndexByte([]byte("+-.0123456789eE"), w.data[w.at]) >= 0 {
		w.at++
	}
	return string(w.data[from:w.at])
}
