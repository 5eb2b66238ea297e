package oracle

import (
	"fmt"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Standing is what an order's summary conditions say.
type Standing string

// Standings of orders.
const (
	Ready   Standing = "Ready"
	Stalled Standing = "Stalled"
	Waiting Standing = "Reconciling"
)

// Money is what an order did to the balance at the provider.
type Money string

// Fates of an order's money.
const (
	// Nothing was ever debited.
	Nothing Money = "nothing bought"
	// Kept was debited once; a part may have come back.
	Kept Money = "bought once"
	// Returned was debited once and has come back in full.
	Returned Money = "bought once and paid back"
	// Open may have been debited once, and nobody can tell: the ledger goes on
	// holding the price.
	Open Money = "perhaps bought once, and held"
)

// End is an end that an order may come to.
type End struct {
	// Reason of Ready.
	Reason string
	// Standing that goes with it.
	Standing Standing
	// Money that it means.
	Money Money
	// MinKeys and MaxKeys bound the distinct keys that were sent.
	MinKeys, MaxKeys int
}

// String is the end in words.
func (e End) String() string {
	return fmt.Sprintf("%s (%s; %s; %d to %d keys)", e.Reason, e.Standing, e.Money, e.MinKeys, e.MaxKeys)
}

// many is more keys than a run could send.
const many = 1000

// bought are the ends of an order that stays bought after so many attempts.
func bought(minKeys, maxKeys int) []End {
	var out []End
	for _, reason := range []string{v1alpha1.ReasonPlaced, v1alpha1.ReasonShipped, v1alpha1.ReasonDelivered} {
		out = append(out, End{Reason: reason, Standing: Ready, Money: Kept, MinKeys: minKeys, MaxKeys: maxKeys})
	}
	return out
}

func stalled(reason string, money Money, minKeys, maxKeys int) End {
	return End{Reason: reason, Standing: Stalled, Money: money, MinKeys: minKeys, MaxKeys: maxKeys}
}

func waiting(reason string, money Money, minKeys, maxKeys int) End {
	return End{Reason: reason, Standing: Waiting, Money: money, MinKeys: minKeys, MaxKeys: maxKeys}
}

// loop are the states through which an order goes again and again.
func loop(maxKeys int, reasons ...string) []End {
	var out []End
	for _, reason := range reasons {
		out = append(out, waiting(reason, Nothing, 1, maxKeys))
	}
	return out
}
