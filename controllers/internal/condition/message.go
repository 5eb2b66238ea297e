package condition

import (
	"strings"
	"unicode/utf8"
)

// MaxMessage is the length of the longest message, in characters. What a
// provider answers can be a whole page; a status that grows with it would slow
// every list and watch of orders.
const MaxMessage = 1024

const ellipsis = "…"

// Truncate shortens a message to MaxMessage characters and makes it valid UTF-8.
// Invalid bytes would come back changed from the API server, so that the status
// would differ from what is wanted forever and be written on every turn.
func Truncate(message string) string {
	message = strings.ToValidUTF8(message, "�")
	if utf8.RuneCountInString(message) <= MaxMessage {
		return message
	}
	return string([]rune(message)[:MaxMessage-1]) + ellipsis
}
