package mapping

import "strings"

// What is said of text that Postgres can't hold: an order with it would be
// acknowledged and never bought.
const (
	detailNUL    = "holds a NUL character"
	detailKeyNUL = "has a key that holds a NUL character"
)

func hasNUL(text string) bool { return strings.IndexByte(text, 0) >= 0 }
