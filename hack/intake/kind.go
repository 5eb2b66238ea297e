package intake

import (
	"net/http"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

// kind of a delivery.
type kind string

const (
	// plain is an order that is sent once.
	plain kind = "plain"
	// twin is sent at the same time as another delivery of the same order, to the
	// other replica.
	twin kind = "twin"
	// late is sent some time after another delivery of the same order.
	late kind = "late"
	// rival is sent at the same time as another order under the same ID.
	rival kind = "rival"

	// The others can't be taken.
	forged       kind = "forged signature"
	stale        kind = "stale timestamp"
	unknownField kind = "unknown field"
	noAddress    kind = "missing address"
	cardNumber   kind = "card number"
)

// invalid are the kinds that have to be refused.
func invalid() []kind { return []kind{forged, stale, unknownField, noAddress, cardNumber} }

// refusal that a kind has to get; none when it has to be taken.
func (k kind) refusal() oracle.Refusal {
	switch k {
	case forged, stale:
		return oracle.Refusal{Status: http.StatusUnauthorized, Problem: "unauthenticated"}
	case unknownField, noAddress:
		return oracle.Refusal{Status: http.StatusBadRequest, Problem: "invalid-body"}
	case cardNumber:
		return oracle.Refusal{Status: http.StatusBadRequest, Problem: "card-data"}
	}
	return oracle.Refusal{}
}
