package mapping

// Card numbers have 13 to 19 digits.
const (
	minCardDigits = 13
	maxCardDigits = 19
)

// HasCardNumber tells whether s holds a payment card number: digits, grouped by
// single spaces, dashes or dots or not at all, that pass Luhn's check and begin
// as a card network's numbers do. The check alone would refuse one in ten of
// all long order numbers and timestamps.
func HasCardNumber(s string) bool {
	for len(s) > 0 {
		groups, rest := nextRun(s)
		if runHasCard(groups) {
			return true
		}
		s = rest
	}
	return false
}

// nextRun returns the first run of digit groups in s and what follows it.
func nextRun(s string) (groups []string, rest string) {
	i := 0
	for i < len(s) && !isDigit(s[i]) {
		i++
	}
	for i < len(s) && isDigit(s[i]) {
		start := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		groups = append(groups, s[start:i])
		if i+1 < len(s) && isSeparator(s[i]) && isDigit(s[i+1]) {
			i++
		}
	}
	return groups, s[i:]
}

// runHasCard tries every sequence of whole groups: a number may stand beside an
// expiry date.
func runHasCard(groups []string) bool {
	for i := range groups {
		digits := ""
		for _, g := range groups[i:] {
			digits += g
			if len(digits) > maxCardDigits {
				break
			}
			if len(digits) >= minCardDigits && fromNetwork(digits) && luhn(digits) {
				return true
			}
		}
	}
	return false
}

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isSeparator(c byte) bool { return c == ' ' || c == '-' || c == '.' }

// luhn is the check of ISO/IEC 7812-1, annex B.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// prefixRange holds the first four digits, and the lengths, of one network.
type prefixRange struct{ from, to, minLen, maxLen int }

// networks that issue cards: Visa, Mastercard, American Express, Diners Club,
// Discover, JCB, UnionPay, Maestro.
func networks() []prefixRange {
	return []prefixRange{
		// Visa has issued none of 13 digits for long, and none between: these are phone
		// numbers, EANs and the IDs of shops.
		{4000, 4999, 16, 16}, {4000, 4999, 19, 19},
		{5100, 5599, 16, 16}, {2221, 2720, 16, 16},
		{3400, 3499, 15, 15}, {3700, 3799, 15, 15},
		{3000, 3059, 14, 19}, {3095, 3095, 14, 19}, {3600, 3699, 14, 19}, {3800, 3999, 14, 19},
		{6011, 6011, 16, 19}, {6440, 6599, 16, 19},
		{3528, 3589, 16, 19},
		{6200, 6299, 16, 19}, {8100, 8199, 16, 19},
		{5018, 5018, 13, 19}, {5020, 5020, 13, 19}, {5038, 5038, 13, 19}, {5893, 5893, 13, 19},
		{6304, 6304, 13, 19}, {6759, 6763, 13, 19},
	}
}

func fromNetwork(digits string) bool {
	first := 0
	for i := range 4 {
		first = first*10 + int(digits[i]-'0')
	}
	for _, n := range networks() {
		if first >= n.from && first <= n.to && len(digits) >= n.minLen && len(digits) <= n.maxLen {
			return true
		}
	}
	return false
}
