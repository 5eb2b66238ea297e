package mapping

// candidate is what may become a card number, digit by digit.
type candidate struct {
	length int
	prefix int    // first six digits
	sums   [2]int // of Luhn's check, for when the digits at even or odd places are doubled

	gap    gap // between the groups so far
	groups int // that have ended
	from   int // where the last group begins
	first  int // digits of the first group
	uneven bool
	short  bool // a group but the last has fewer than four digits
	mixed  bool
	odd    bool // signs between that are neither spaces, dashes nor dots
}

// join tells whether a digit behind a gap may belong to the number. Times, prices, phone
// numbers and lists are no cards: groups of fewer than four digits have one and the same
// sign between, a space, a dash or a dot, and when they are many they are of one size;
// other groups have any of the three, or all the same other signs.
func (n *candidate) join(g gap) bool {
	if g == gapNone || g == gapHidden {
		return true
	}
	size := n.length - n.from
	if n.groups == 0 {
		n.first, n.gap = size, g
	}
	n.uneven = n.uneven || size != n.first
	n.short = n.short || size < 4
	n.mixed = n.mixed || n.gap.kind() != g.kind()
	n.odd = n.odd || !g.usual()
	n.gap, n.from = g, n.length
	n.groups++
	switch {
	case n.short:
		return !n.mixed && g&gapWide == 0 && (n.groups < maxGroups || !n.uneven)
	case n.mixed:
		return !n.odd
	}
	return true
}

// maxGroups of a card number, unless it is written in groups of one size.
const maxGroups = 5

func (n *candidate) add(digit byte) {
	d := int(digit)
	if n.length < 6 {
		n.prefix = 10*n.prefix + d
	}
	doubled := 2 * d
	if doubled > 9 {
		doubled -= 9
	}
	n.sums[n.length%2] += doubled
	n.sums[1-n.length%2] += d
	n.length++
}

// luhn is the check of ISO/IEC 7812-1, annex B: every second digit counted from the
// last one is doubled.
func (n *candidate) luhn() bool { return n.sums[n.length%2]%10 == 0 }

// asPrinted tells whether the groups are those of a card's face: at least three, the
// first of four digits, none but the last of fewer.
func (n *candidate) asPrinted() bool { return n.groups >= 2 && n.first == 4 && !n.short }

// fromNetwork tells whether a network's numbers begin like this one, and are as long.
// One that is not alone may be a part of a list or of an account's number.
func (n *candidate) fromNetwork(alone bool) bool {
	if !alone && n.odd {
		return false
	}
	for _, r := range networks {
		if n.prefix >= r.from && n.prefix <= r.to && n.length >= r.minLen && n.length <= r.maxLen && (!r.printed || alone && n.asPrinted()) {
			return true
		}
	}
	return false
}

// prefixRange holds the first six digits, and the lengths, of a network's numbers.
type prefixRange struct {
	from, to, minLen, maxLen int
	// printed numbers are found as printed only: too much else begins like them.
	printed bool
}

// networks that issue cards. Elo, Verve, RuPay and Troy have numbers in the ranges of
// others, too. Visa has issued none of 13 digits for long, and none between 16 and 19:
// these are phone numbers, EANs and the IDs of shops. EANs of Britain begin as Maestro.
var networks = [...]prefixRange{
	{400000, 499999, 16, 16, false}, {400000, 499999, 19, 19, false}, // Visa
	{510000, 559999, 16, 16, false}, {222100, 272099, 16, 16, false}, // Mastercard
	{340000, 349999, 15, 15, false}, {370000, 379999, 15, 15, false}, // American Express
	{300000, 305999, 14, 14, false}, {309500, 309599, 14, 14, false}, {360000, 369999, 14, 14, false}, {380000, 399999, 14, 14, false},
	{300000, 305999, 16, 16, false}, {309500, 309599, 16, 16, false}, {360000, 369999, 16, 16, false}, {380000, 399999, 16, 16, false},
	{300000, 305999, 19, 19, false}, {309500, 309599, 19, 19, false}, {360000, 369999, 19, 19, false}, {380000, 399999, 19, 19, false}, // Diners Club
	{601100, 601199, 16, 19, false}, {644000, 659999, 16, 19, false}, // Discover
	{352800, 358999, 16, 19, false},                                  // JCB
	{620000, 629999, 16, 19, false}, {810000, 819999, 16, 19, false}, // UnionPay
	{501800, 501899, 16, 19, false}, {502000, 502099, 16, 19, false}, {503800, 503899, 16, 19, false}, {589300, 589399, 16, 19, false}, // Maestro
	{630400, 630499, 16, 19, false}, {633300, 633499, 16, 19, false}, {670300, 670399, 16, 19, false}, {670600, 670699, 16, 19, false},
	{670900, 670999, 16, 19, false}, {675900, 676399, 16, 19, false}, {676700, 676799, 16, 19, false}, {677000, 677199, 16, 19, false},
	{500000, 509999, 13, 19, true}, {560000, 589999, 13, 19, true}, {600000, 699999, 13, 19, true},
	{561000, 561099, 16, 16, false}, {560221, 560225, 16, 16, false}, // Bankcard
	{220000, 220499, 16, 19, false},                                                                   // Mir
	{600000, 609999, 16, 16, false}, {820000, 829999, 16, 16, false}, {508000, 508999, 16, 16, false}, // RuPay
	{501900, 501999, 16, 16, false},                                  // Dankort
	{506099, 506198, 16, 19, false}, {507865, 507964, 16, 19, false}, // Verve
	{504175, 504175, 16, 16, false}, {506699, 506778, 16, 16, false}, {509000, 509999, 16, 16, false}, // Elo
	{636297, 636297, 16, 16, false}, {636368, 636368, 16, 16, false},
	{606282, 606282, 19, 19, false}, {637095, 637095, 16, 16, false}, {637568, 637612, 16, 16, false}, // Hipercard
	{979200, 979299, 16, 16, false},                                  // Troy
	{860000, 860099, 16, 16, false}, {986000, 986099, 16, 16, false}, // Uzcard, Humo
	{100000, 199999, 15, 15, true}, // UATP
}
