package address

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Rules bound where goods go.
type Rules struct {
	// Countries allowed; all when empty.
	Countries []string
	// AllowPOBoxes lets post office boxes pass.
	AllowPOBoxes bool
	// RequirePhone refuses numbers that can't exist.
	RequirePhone bool
}

// Finding is one thing to correct. It never holds the value itself.
type Finding struct {
	// Field of the address, as spelled in the resource.
	Field string
	// Code of the finding.
	Code string
	// Message for people.
	Message string
}

// checker finds one kind of fault.
type checker func(v1alpha1.Address, Rules) []Finding

// Check finds what has to be corrected in a normalised address. Of a part that is
// blank it tells nothing else.
func Check(a v1alpha1.Address, r Rules) []Finding {
	out := blanks(a)
	blank := map[string]bool{}
	for _, f := range out {
		blank[f.Field] = true
	}
	for _, check := range []checker{characters, country, region, code, names, street, telephone} {
		for _, f := range check(a, r) {
			if !blank[f.Field] {
				out = append(out, f)
			}
		}
	}
	return out
}

func characters(a v1alpha1.Address, _ Rules) []Finding {
	var out []Finding
	for _, f := range []struct{ name, value string }{
		{"firstName", a.FirstName}, {"lastName", a.LastName}, {"line1", a.Line1}, {"line2", a.Line2},
		{"city", a.City}, {"state", a.State}, {"postalCode", a.PostalCode}, {"phone", a.Phone},
	} {
		if strings.ContainsFunc(f.value, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
		}) {
			out = append(out, Finding{f.name, "characters", "holds characters that can't be printed"})
		}
	}
	return out
}

func country(a v1alpha1.Address, r Rules) []Finding {
	if len(r.Countries) == 0 || slices.Contains(r.Countries, a.Country) {
		return nil
	}
	return []Finding{{"country", "country", "is not one that goods are sent to"}}
}

func region(a v1alpha1.Address, _ Rules) []Finding {
	names := regions(a.Country)
	if names == nil {
		return nil
	}
	if _, ok := names[a.State]; ok {
		return nil
	}
	return []Finding{{"state", "state", "is not a state of the country"}}
}

// code checks the form of postal codes in the countries where it is known.
func code(a v1alpha1.Address, _ Rules) []Finding {
	forms := map[string]string{
		"US": `^\d{5}(-\d{4})?$`, "CA": `^[A-Z]\d[A-Z] \d[A-Z]\d$`, "GB": `^[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}$`,
		"DE": `^\d{5}$`, "FR": `^\d{5}$`, "IT": `^\d{5}$`, "ES": `^\d{5}$`, "AU": `^\d{4}$`, "AT": `^\d{4}$`, "CH": `^\d{4}$`,
		"MX": `^\d{5}$`, "JP": `^\d{3}-?\d{4}$`,
	}
	form, known := forms[a.Country]
	if !known || regexp.MustCompile(form).MatchString(a.PostalCode) {
		return nil
	}
	return []Finding{{"postalCode", "postal-code", "does not have the form of the country's postal codes"}}
}

// names finds placeholders: a parcel for "Test" reaches nobody, and the provider
// refuses some of them.
func names(a v1alpha1.Address, _ Rules) []Finding {
	var out []Finding
	for _, f := range []struct{ field, value string }{{"firstName", a.FirstName}, {"lastName", a.LastName}} {
		if placeholderName(f.value) {
			out = append(out, Finding{f.field, "placeholder", "is a placeholder, not a name"})
		}
	}
	if len(out) == 0 && placeholderNames(a.FirstName+" "+a.LastName) {
		out = append(out, Finding{"lastName", "placeholder", "is, with firstName, a placeholder and not a name"})
	}
	return out
}

// placeholderName knows words that stand where a name should. Na and Null are
// people's names, and so are Guest, Office and None after a first name.
func placeholderName(s string) bool {
	switch strings.ToLower(s) {
	case "test", "n/a", "undefined", "unknown", "xxx", "customer", "recipient", "home", "work", "tbd", "tba":
		return true
	}
	return !strings.ContainsFunc(s, unicode.IsLetter) || strings.Contains(strings.ToLower(s), "[object") || placeholderNames(s)
}

// placeholderNames knows whole names that are none, in one field or in two.
func placeholderNames(s string) bool {
	switch strings.Join(strings.Fields(strings.ToLower(s)), " ") {
	case "test user", "test test", "test order", "guest user", "guest guest", "valued customer", "gift recipient",
		"null null", "na na", "none none", "no name", "first last", "first name last name", "firstname lastname", "your name":
		return true
	}
	return false
}

var poBox = regexp.MustCompile(`(?i)\b(p\.?\s*o\.?\s*b(ox)?|post\s+office\s+box|postfach)\b`)

func street(a v1alpha1.Address, r Rules) []Finding {
	if r.AllowPOBoxes || (!poBox.MatchString(a.Line1) && !poBox.MatchString(a.Line2)) {
		return nil
	}
	return []Finding{{"line1", "po-box", "is a post office box"}}
}

func telephone(a v1alpha1.Address, r Rules) []Finding {
	parsed, err := phonenumbers.Parse(a.Phone, a.Country)
	invalid := err != nil || !phonenumbers.IsValidNumber(parsed)
	if (r.RequirePhone && invalid) || (err == nil && placeholderPhone(parsed)) {
		return []Finding{{"phone", "phone", "is not a telephone number that can exist"}}
	}
	return nil
}

// placeholderPhone finds 555-555-5555, zeros and the like, and in North America the
// numbers that are kept for fiction and for directory assistance.
func placeholderPhone(n *phonenumbers.PhoneNumber) bool {
	national := phonenumbers.GetNationalSignificantNumber(n)
	if n.GetCountryCode() == 1 && fiction.MatchString(national) {
		return true
	}
	return national == "" || strings.Count(national, national[:1]) == len(national)
}

var fiction = regexp.MustCompile(`^\d{3}555(01\d\d|1212)$`)
