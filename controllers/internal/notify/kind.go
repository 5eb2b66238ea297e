package notify

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrUnknownKind means that no template exists for a mail's kind.
var ErrUnknownKind = errors.New("unknown kind of mail")

// ErrBadData means that an outbox row's data is not that of its kind.
var ErrBadData = errors.New("data of the mail can't be read")

// Kinds are the kinds of mail that can be rendered. A kind that is not among
// them is buried with an alert: a mail must never vanish because nobody knows
// its template.
func Kinds() []string { return []string{KindConfirmation} }

func sampleOf(kind string) (any, error) {
	switch kind {
	case KindConfirmation:
		return sampleConfirmation(), nil
	default:
		return nil, ErrUnknownKind
	}
}

func decode(kind string, data json.RawMessage) (any, error) {
	switch kind {
	case KindConfirmation:
		var c Confirmation
		if err := json.Unmarshal(data, &c); err != nil {
			// The decoder's own error may quote the data, which is personal.
			return nil, fmt.Errorf("kind %s: %w", kind, ErrBadData)
		}
		return c.cleaned(), nil
	default:
		return nil, ErrUnknownKind
	}
}
