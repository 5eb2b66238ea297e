package act

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
)

func log(ctx context.Context) logr.Logger { return logr.FromContextOrDiscard(ctx) }

// display formats an amount for people: minor units have two digits in every
// currency that the provider charges in.
func display(currency string, cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, cents/100, cents%100, currency)
}
