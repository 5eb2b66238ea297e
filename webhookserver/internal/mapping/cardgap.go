package mapping

import "unicode"

// gap is what stands between two digits: the sign, or one number for each sequence of
// several.
type gap rune

const (
	gapNone   gap = 0
	gapHidden gap = -1 // signs that leave no mark
	// gapWide is set when there is more than one space, dash or dot of ASCII.
	gapWide gap = 1 << 24
)

func (g gap) kind() gap { return g &^ gapWide }

// usual tells whether card numbers are often written with it.
func (g gap) usual() bool { return usual(rune(g.kind())) }

// maxGap is how many signs may stand between two groups of one number.
const maxGap = 3

// gapReader tells what kind of gap a sequence of signs is. However often a sign is
// repeated, and whatever spaces are around it, the kind is the same.
type gapReader struct {
	gap   gap
	apart bool // no number goes on behind it
	last  rune // sign other than a space
	signs int
}

func (g *gapReader) read(r rune) {
	switch {
	case g.apart:
		return
	case hidden(r):
		if g.gap == gapNone {
			g.gap = gapHidden
		}
		return
	case unicode.IsLetter(r), unicode.IsNumber(r):
		g.apart = true
		return
	}
	g.signs++
	g.apart = g.signs > maxGap
	switch sign := plain(r); {
	case sign == ' ' && g.last != 0, sign == g.last:
		g.gap |= gapWide
	case g.last == 0:
		g.gap = gap(sign)
		if sign != ' ' {
			g.last = sign
		}
		if g.signs > 1 || r != sign || !usual(sign) {
			g.gap |= gapWide
		}
	default:
		g.gap, g.last = (gap(g.last)<<5^gap(sign))&^gapWide|gapWide, sign
	}
}

func usual(sign rune) bool { return sign == ' ' || sign == '-' || sign == '.' }

// hidden tells whether r leaves no mark of its own: joiners, soft hyphens, accents,
// controls that are no space.
func hidden(r rune) bool {
	if r <= unicode.MaxASCII {
		return r < ' ' && !unicode.IsSpace(r) || r == '\r' || r == '\x7f'
	}
	return unicode.In(r, unicode.Cf, unicode.M, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.IsControl(r) && !unicode.IsSpace(r)
}

// plain puts the ASCII sign in the place of what looks like it. Tabs and line breaks
// stay: a phone number on the line below is no part of the postal code above.
func plain(r rune) rune {
	const minus, brailleBlank = '\u2212', '\u2800'
	switch {
	case r == '\n', r == '\t':
		return r
	case unicode.IsSpace(r), r == brailleBlank:
		return ' '
	case unicode.Is(unicode.Pd, r), r == minus:
		return '-'
	}
	return r
}
