package notify

import (
	"strings"
	"unicode"
)

// maxSubject is the longest subject in characters; longer ones are cut, because
// servers fold and clients hide what is beyond.
const maxSubject = 200

// line makes s one line of printable text. A line break in a name would forge
// lines of a mail, or headers; characters that turn the direction of writing
// would make it read as something else.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

func subjectLine(s string) string {
	runes := []rune(line(s))
	return string(runes[:min(len(runes), maxSubject)])
}

func lines(in []string) []string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		out = append(out, line(s))
	}
	return out
}

// cleaned makes every text of c one line. Rows are cleaned when they are
// rendered, whoever wrote them.
func (c Confirmation) cleaned() Confirmation {
	items := make([]Item, 0, len(c.Items))
	for _, i := range c.Items {
		items = append(items, Item{Title: line(i.Title), ProductID: line(i.ProductID), Quantity: i.Quantity})
	}
	return Confirmation{
		OrderName: line(c.OrderName), ExternalID: line(c.ExternalID), FirstName: line(c.FirstName),
		Items: items, Total: line(c.Total), MerchantOrderIDs: lines(c.MerchantOrderIDs),
		DeliveryDates: lines(c.DeliveryDates), ShipTo: lines(c.ShipTo), PlacedAt: line(c.PlacedAt),
	}
}
