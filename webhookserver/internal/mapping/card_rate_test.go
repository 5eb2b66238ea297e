package mapping

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"
)

// numerals makes texts that hold no card, the same ones each time.
type numerals struct{ *rand.Rand }

func (n numerals) digits(count int) string {
	b := []byte{byte('1' + n.IntN(9))}
	for len(b) < count {
		b = append(b, byte('0'+n.IntN(10)))
	}
	return string(b)
}

// fours writes digits in groups of four.
func (n numerals) fours(count int, between string) string {
	s, out := n.digits(count), ""
	for ; len(s) > 4; s = s[4:] {
		out += s[:4] + between
	}
	return out + s
}

func (n numerals) ean(prefix string) string {
	s, sum := prefix+n.digits(12-len(prefix)), 0
	for i, c := range s {
		sum += int(c-'0') * (1 + i%2*2)
	}
	return s + string(rune('0'+(10-sum%10)%10))
}

func (n numerals) list(count, below int, between string) string {
	var out []string
	for range count {
		out = append(out, fmt.Sprint(n.IntN(below)))
	}
	return strings.Join(out, between)
}

func (n numerals) time(layout string) string {
	at := time.Unix(1700000000+n.Int64N(200000000), n.Int64N(1e9)).UTC()
	switch layout {
	case "ms":
		return fmt.Sprint(at.UnixMilli())
	case "us":
		return fmt.Sprint(at.UnixMicro())
	case "ns":
		return fmt.Sprint(at.UnixNano())
	}
	return strings.Replace(at.Format(layout), "Z", "+00:00", 1)
}

// TestHonestNumbersAreSeldomCards bounds how many orders are refused for numbers that are
// none, in one of a thousand: about one in ten of what begins like a card passes Luhn's
// check, and of random digits no more than one in thirty may be refused.
func TestHonestNumbersAreSeldomCards(t *testing.T) {
	n := numerals{rand.New(rand.NewPCG(1, 2))}
	for what, c := range map[string]struct {
		most float64
		text func() string
	}{
		"13 digits":                    {0, func() string { return n.digits(13) }},
		"14 digits":                    {5, func() string { return n.digits(14) }},
		"15 digits":                    {4, func() string { return n.digits(15) }},
		"16 digits":                    {38, func() string { return n.digits(16) }},
		"17 digits":                    {8, func() string { return n.digits(17) }},
		"18 digits":                    {8, func() string { return n.digits(18) }},
		"19 digits":                    {24, func() string { return n.digits(19) }},
		"20 digits, such as an SSCC":   {0, func() string { return n.digits(20) }},
		"16 digits in fours":           {50, func() string { return n.fours(16, " ") }},
		"an EAN":                       {0, func() string { return n.ean("") }},
		"an EAN of Britain":            {0, func() string { return n.ean("5018") }},
		"a telephone number":           {2, func() string { return "+" + n.digits(11+n.IntN(4)) }},
		"a telephone number in groups": {0, func() string { return "+" + n.digits(2) + " " + n.digits(3) + " " + n.digits(3) + "-" + n.digits(4) }},
		"a postal code above a number": {0, func() string {
			return n.digits(5) + "-" + n.digits(4) + "\n" + n.digits(3) + "-" + n.digits(3) + "-" + n.digits(4)
		}},
		"a time with microseconds":       {0, func() string { return n.time("2006-01-02 15:04:05.000000-07:00") }},
		"a time with nanoseconds":        {0, func() string { return n.time("2006-01-02T15:04:05.000000000Z") }},
		"a time in digits":               {0, func() string { return n.time("20060102150405") }},
		"milliseconds":                   {0, func() string { return n.time("ms") }},
		"microseconds":                   {0, func() string { return n.time("us") }},
		"nanoseconds":                    {0, func() string { return n.time("ns") }},
		"a UUID":                         {1, func() string { return uuidOf(n.digits(20)) }},
		"a digest":                       {1, func() string { return fmt.Sprintf("%x", sha256.Sum256([]byte(n.digits(20)))) }},
		"a parcel of UPS":                {38, func() string { return "1Z" + n.digits(16) }},
		"a parcel of USPS":               {0, func() string { return "94" + n.digits(20) }},
		"a parcel of USPS, in fours":     {45, func() string { return "94" + n.digits(2) + " " + n.fours(18, " ") }},
		"prices":                         {0, func() string { return n.list(4, 500, ".99, ") }},
		"numbers by comma":               {0, func() string { return n.list(20, 500, ", ") }},
		"a list of numbers in fours":     {4, func() string { return n.fours(20, ",") }},
		"a place on earth":               {0, func() string { return fmt.Sprintf("%.7f, %.7f", n.Float64()*90, n.Float64()*180) }},
		"a place on earth, in two lines": {0, func() string { return fmt.Sprintf("%.7f\n%.7f", n.Float64()*90, n.Float64()*180) }},
		"an order of Amazon's":           {12, func() string { return n.digits(3) + "-" + n.digits(7) + "-" + n.digits(7) }},
	} {
		const tries = 20000
		cards := 0
		for range tries {
			if HasCardNumber(c.text()) {
				cards++
			}
		}
		if got := 1000 * float64(cards) / tries; got > c.most {
			t.Errorf("%s: %.2f of a thousand are taken for cards, want at most %.0f", what, got, c.most)
		}
	}
}

func uuidOf(seed string) string {
	h := sha256.Sum256([]byte(seed))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// hard texts make the search work most: each digit begins a number.
func hard(size int) map[string]string {
	out := map[string]string{}
	for _, part := range []string{"4 1 ", "4", "0", "0 ", "4000 ", "4111-1111.", "4\u00ad1", "4, 1/", "0004 ", "400000000000000012/25", "9", "x", "\u0664 "} {
		out[part] = strings.Repeat(part, size/len(part))
	}
	return out
}

// TestTheSearchForCardsTakesLinearTime counts steps: twice the text, twice the work, and
// not much of it for a byte.
func TestTheSearchForCardsTakesLinearTime(t *testing.T) {
	twice := hard(2 << 20)
	for part, text := range hard(1 << 20) {
		var one, two cardScan
		if one.find(text) != two.find(twice[part]) {
			t.Errorf("%q: one text has a card, and the other none", part)
		}
		if one.steps > 24*len(text) || two.steps > 2*one.steps+1000 {
			t.Errorf("%q: %d steps for 1 MiB, %d for 2 MiB", part, one.steps, two.steps)
		}
	}
}

// TestACardIsFoundWhereverItStands, for a long text is looked at in parts.
func TestACardIsFoundWhereverItStands(t *testing.T) {
	for _, before := range []string{"7", "7 ", "0", "0 ", "4", "x7"} {
		for count := range 2*scanDigits + 40 {
			if off := count % (scanDigits / 4); off > 70 && off < scanDigits/4-70 {
				continue // not near where a part ends
			}
			text := strings.Repeat(before, count)
			for _, card := range []string{" 4111 1111 1111 1111", " 411111111111111112/25", " 0004111-1111-1111-1111"} {
				if !HasCardNumber(text + card + " 7 7") {
					t.Fatalf("%q is not found behind %d times %q", card, count, before)
				}
			}
		}
	}
}

func BenchmarkHasCardNumber(b *testing.B) {
	for part, text := range hard(1 << 20) {
		b.Run(fmt.Sprintf("%q", part), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				HasCardNumber(text)
			}
		})
	}
}

// TestDigitsOfEveryScript: the table of digits is made of whole rows from zero to nine.
func TestDigitsOfEveryScript(t *testing.T) {
	count := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		digit, ok := digitOf(r)
		if ok != unicode.Is(unicode.Nd, r) {
			t.Errorf("%U is a digit: %v", r, ok)
		}
		if ok && int(digit) != count%10 {
			t.Errorf("%U is %d, want %d", r, digit, count%10)
		}
		if ok {
			count++
		}
	}
	if count%10 != 0 || count < 600 {
		t.Errorf("%d digits", count)
	}
}

// FuzzHasCardNumber: no text around it hides a number behind a letter, and none makes the
// search take long.
func FuzzHasCardNumber(f *testing.F) {
	for _, text := range []string{"", "4111 1111 1111 1111", "4111\u00ad1111\u00a01111, 1111", "0004111111111111111", "411111111111111112/25", "12/25", "\u0664\u0661\ufe0f\u20e3", "\xff4\xfe1", "4,1;1 1-1.1", "1354 10014 004955"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var scan cardScan
		found := scan.find(text)
		if scan.steps > 24*len(text)+100 {
			t.Errorf("%d steps for %d bytes", scan.steps, len(text))
		}
		for _, card := range []string{"4111111111111111", "5555-5555-5555-4444", "\u0664\u0661\u0661\u0661_\u0661\u0661\u0661\u0661_\u0661\u0661\u0661\u0661_\u0661\u0661\u0661\u0661"} {
			if !HasCardNumber(text + "x" + card + "x" + text) {
				t.Errorf("%q is not found in %q", card, text)
			}
		}
		if found && !HasCardNumber("x"+text+"x") {
			t.Error("letters around hide the card")
		}
	})
}
