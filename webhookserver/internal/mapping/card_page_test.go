package mapping

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestThePageListsTheNetworks holds the page's table against the one in the code, both
// ways, and tries a number at each end of each of its ranges.
func TestThePageListsTheNetworks(t *testing.T) {
	listed := pageNetworks(t)
	for _, r := range listed {
		if !covered(networks[:], r) {
			t.Errorf("the page lists %+v, which is not looked for", r)
		}
		for _, prefix := range []int{r.from, r.to} {
			for _, length := range []int{r.minLen, r.maxLen} {
				if s := made(prefix, length, r.printed); !HasCardNumber(s) {
					t.Errorf("%s is not found", s)
				}
			}
		}
	}
	for _, r := range networks {
		if !covered(listed, r) {
			t.Errorf("%+v is looked for, and not on the page", r)
		}
	}
}

// pageNetworks reads the rows of the page, such as "| Mastercard | 51–55, 2221–2720 | 16 |".
func pageNetworks(t *testing.T) []prefixRange {
	t.Helper()
	page, err := os.ReadFile("../../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []prefixRange
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z][^|]+) \| ([0-9–, ]+) \| ([0-9–, ]+) \|$`).FindAllStringSubmatch(string(page), -1) {
		for _, prefix := range strings.Split(row[2], ", ") {
			for _, length := range strings.Split(row[3], ", ") {
				r := prefixRange{printed: strings.Contains(row[1], "as printed")}
				r.from, r.to = ends(t, prefix, 6)
				r.minLen, r.maxLen = ends(t, length, 0)
				out = append(out, r)
			}
		}
	}
	if len(out) < 30 {
		t.Fatalf("%d ranges on the page", len(out))
	}
	return out
}

// ends of a range such as 300–305, filled up to a number of digits.
func ends(t *testing.T, text string, digits int) (from, to int) {
	t.Helper()
	low, high, ranged := strings.Cut(text, "–")
	if !ranged {
		high = low
	}
	fill := max(0, digits-len(low))
	from, err := strconv.Atoi(low + strings.Repeat("0", fill))
	if err != nil {
		t.Fatal(err)
	}
	to, err = strconv.Atoi(high + strings.Repeat("9", fill))
	if err != nil {
		t.Fatal(err)
	}
	return from, to
}

func covered(by []prefixRange, r prefixRange) bool {
	for _, b := range by {
		if b.printed == r.printed && b.from <= r.from && r.to <= b.to && b.minLen <= r.minLen && r.maxLen <= b.maxLen {
			return true
		}
	}
	return false
}

// made gives a number that passes Luhn's check, in fours when it is to be as printed.
func made(prefix, length int, printed bool) string {
	var n candidate
	text := strconv.Itoa(prefix) + strings.Repeat("7", length-7)
	for _, c := range []byte(text) {
		n.add(c - '0')
	}
	for last := range byte(10) {
		full := n
		if full.add(last); full.luhn() {
			text += string(rune('0' + last))
		}
	}
	if !printed {
		return text
	}
	return text[:4] + " " + text[4:8] + " " + text[8:]
}
