package notify

import (
	"fmt"
	"strconv"

	"golang.org/x/text/currency"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// amount writes money for people, such as "USD 12.05". Currencies differ in
// their decimals: 500 minor units are JPY 500, but USD 5.00.
func amount(m v1alpha1.Money) string {
	decimals := 2
	if unit, err := currency.ParseISO(m.Currency); err == nil {
		decimals, _ = currency.Standard.Rounding(unit)
	}
	if decimals == 0 {
		return m.Currency + " " + strconv.FormatInt(m.AmountCents, 10)
	}
	scale := int64(1)
	for range decimals {
		scale *= 10
	}
	return fmt.Sprintf("%s %d.%0*d", m.Currency, m.AmountCents/scale, decimals, m.AmountCents%scale)
}
