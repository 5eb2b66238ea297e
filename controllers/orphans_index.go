package controllers

import (
	"strconv"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// known finds attempts by what the provider's list may echo of them.
type known struct {
	all       []knownAttempt
	byKey     map[string][]knownAttempt
	byNumber  map[string][]knownAttempt
	byRequest map[string][]knownAttempt
}

func newKnown(sides ...[]knownAttempt) known {
	k := known{byKey: map[string][]knownAttempt{}, byNumber: map[string][]knownAttempt{}, byRequest: map[string][]knownAttempt{}}
	for _, side := range sides {
		k.all = append(k.all, side...)
		for _, a := range side {
			if a.key != "" {
				k.byKey[a.key] = append(k.byKey[a.key], a)
			}
			if a.requestID != "" {
				k.byRequest[a.requestID] = append(k.byRequest[a.requestID], a)
			}
			number := numbered(a.identity.String(), a.number)
			k.byNumber[number] = append(k.byNumber[number], a)
		}
	}
	return k
}

func numbered(identity string, number int64) string {
	return identity + "#" + strconv.FormatInt(number, 10)
}

// of gives the attempts that a purchase was made by. Keys decide where both sides
// have one: the same attempt under another key was another call.
func (k known) of(key, identity string, number int64) []knownAttempt {
	if found := k.byKey[key]; key != "" && len(found) > 0 {
		return found
	}
	var out []knownAttempt
	for _, a := range k.byNumber[numbered(identity, number)] {
		if key == "" || a.key == "" {
			out = append(out, a)
		}
	}
	return out
}

// followed tells whether anybody looks after a request ID.
func (k known) followed(requestID string) bool {
	for _, a := range k.byRequest[requestID] {
		if a.followed(requestID) {
			return true
		}
	}
	return false
}

// orderName is the name of the order that an identity belongs to; empty for a
// text that is no identity.
func orderName(identity string) string {
	parts := strings.SplitN(identity, "/", 3)
	switch {
	case len(parts) != 3:
		return ""
	case parts[1] == v1alpha1.ManualSource:
		return parts[2]
	}
	return v1alpha1.OrderNameFor(parts[1], parts[2])
}
