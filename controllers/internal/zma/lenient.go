package zma

import (
	"encoding/json"
	"errors"
	"fmt"
)

// decode reads what it can of a JSON value. A field of another type than
// expected stays empty, and the fields beside it are read all the same: the
// provider's shapes vary, and an odd date must not make a paid order unreadable.
// The error is for values that are no JSON, or not of the outer type.
func decode(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return nil
	}
	if err != nil {
		// The kind alone: answers hold tokens and addresses.
		return fmt.Errorf("%T", err)
	}
	return nil
}

// elements gives those of a list, or a single object as a list of one; anything
// else is an empty list.
func elements(raw json.RawMessage) []json.RawMessage {
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	if len(raw) > 0 && raw[0] == '{' {
		return []json.RawMessage{raw}
	}
	return nil
}

// word reads a value that is a string; anything else is empty.
func word(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
