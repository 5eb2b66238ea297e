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

// Check finds what has to be corrected in a normalised address.
func Check(a v1alpha1.Address, r Rules) []Finding {
	var out []Finding
	for _, check := range []checker{characters, country, region, code, names, street, telephone} {
		out = append(out, check(a, r)...)
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
	return out
}

// placeholderName knows words that stand where a name should. Na and Null are
// people's names.
func placeholderName(s string) bool {
	switch strings.ToLower(s) {
	case "test", "n/a", "undefined", "unknown", "xxx", "customer", "recipient", "home", "work":
		return true
	}
	return !strings.ContainsFunc(s, unicode.IsLetter)
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

// placeholderPhone finds 555-555-5555, zeros and the like.
func placeholderPhone(n *phonenumbers.PhoneNumber) bool {
	national := phonenumbers.GetNationalSignificantNumber(n)
	return national == "" || strings.Count(national, national[:1]) == len(national)
}
