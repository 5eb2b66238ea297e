package mapping

import "unicode"

// Card numbers have 13 to 19 digits.
const (
	minCardDigits = 13
	maxCardDigits = 19
)

// HasCardNumber tells whether s holds a payment card number: digits of any script that
// pass Luhn's check and begin as a card network's numbers do, in one group or in several
// with up to three signs between. Groups are taken whole, but for zeros before the number
// and a month behind it that belongs to an expiry date. Luhn's check alone would refuse
// one in ten of all long order numbers and timestamps.
//
// The time it takes grows with the length of s and no faster, and memory hardly at all.
func HasCardNumber(s string) bool { return new(cardScan).find(s) }

// cardScan looks through one text, one run of digit groups after the other.
type cardScan struct {
	digits []byte
	gaps   []gap // gaps[i] is what stands before digits[i]
	begun  bool  // the group is past its leading zeros
	steps  int   // work done
}

// Digits are looked at this many at a time. The last ones are kept for the next time:
// more than a number and an expiry date take.
const (
	scanDigits = 1024
	keepDigits = 64
)

func (c *cardScan) find(s string) bool {
	var between gapReader
	for _, r := range s {
		c.steps++
		digit, ok := digitOf(r)
		if !ok {
			between.read(r)
			continue
		}
		if between.apart && c.endRun() {
			return true
		}
		if len(c.digits) == 0 {
			between.gap = gapNone
		}
		c.digits, c.gaps = append(c.digits, digit), append(c.gaps, between.gap)
		if len(c.digits) == scanDigits && c.scan(scanDigits-keepDigits) {
			return true
		}
		between = gapReader{}
	}
	return c.endRun()
}

// endRun looks at the rest of a run, and gets ready for the next.
func (c *cardScan) endRun() bool {
	found := len(c.digits) >= minCardDigits && c.scan(len(c.digits))
	c.digits, c.gaps, c.begun = c.digits[:0], c.gaps[:0], false
	return found
}

// scan tries to begin a number at each group of the first digits, behind its zeros, and
// drops these digits.
func (c *cardScan) scan(count int) bool {
	for i, digit := range c.digits[:count] {
		c.begun = c.begun && c.gaps[i] == gapNone
		if c.begun || digit == 0 {
			continue
		}
		if c.cardAt(i) {
			return true
		}
		c.begun = true
	}
	c.digits = c.digits[:copy(c.digits, c.digits[count:])]
	c.gaps = c.gaps[:copy(c.gaps, c.gaps[count:])]
	return false
}

// cardAt tries all lengths of a number that begins at a digit.
func (c *cardScan) cardAt(from int) bool {
	var n candidate
	for i := from; i < len(c.digits) && i-from < maxCardDigits; i++ {
		c.steps++
		if i > from && !n.join(c.gaps[i]) {
			return false
		}
		n.add(c.digits[i])
		if n.length >= minCardDigits && n.luhn() && (c.groupEnds(i) || c.expiryFollows(i)) && n.fromNetwork(c.alone(from, i, n.gap)) {
			return true
		}
	}
	return false
}

func (c *cardScan) groupEnds(at int) bool {
	return at+1 == len(c.digits) || c.gaps[at+1] != gapNone
}

// alone tells whether no group with the same gap stands before a number, and none of four
// digits or more behind it.
func (c *cardScan) alone(from, to int, between gap) bool {
	if c.gaps[from].kind() == between.kind() {
		return false
	}
	if to+1 == len(c.digits) || c.gaps[to+1].kind() != between.kind() {
		return true
	}
	return c.groupSize(to+1, 4) < 4
}

// groupSize counts the digits of the group that begins at a digit, up to a limit.
func (c *cardScan) groupSize(from, limit int) int {
	size := 1
	for size < limit && !c.groupEnds(from+size-1) {
		size++
	}
	return size
}

// expiryFollows tells whether a month is glued on, and a year stands behind it: as in
// 12/25 and 12-2025.
func (c *cardScan) expiryFollows(at int) bool {
	if at+4 >= len(c.digits) || c.groupEnds(at) || c.groupEnds(at+1) || !c.groupEnds(at+2) {
		return false
	}
	month := 10*c.digits[at+1] + c.digits[at+2]
	year := c.groupSize(at+3, 5)
	return month >= 1 && month <= 12 && (year == 2 || year == 4)
}

// digitOf gives the value of a digit of any script.
func digitOf(r rune) (byte, bool) {
	if r <= unicode.MaxASCII {
		return byte(r - '0'), '0' <= r && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	// Each range of the table holds the digits from zero to nine, once or more.
	for _, in := range unicode.Nd.R16 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return byte((r - rune(in.Lo)) % 10), true
		}
	}
	for _, in := range unicode.Nd.R32 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return byte((r - rune(in.Lo)) % 10), true
		}
	}
	return 0, false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
