package mapping

import (
	"strconv"
	"strings"
)

// step leads from an object or a list to one of its members.
type step struct {
	key    string
	index  int
	inList bool
}

// path of a value, such as items[0].quantity.
type path []step

// at sets the last step.
func (p path) at(s step) { p[len(p)-1] = s }

// String implements fmt.Stringer.
func (p path) String() string {
	var b strings.Builder
	for _, s := range p {
		switch {
		case s.inList:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case b.Len() > 0:
			b.WriteString("." + s.key)
		default:
			b.WriteString(s.key)
		}
	}
	return b.String()
}
