package machine

import (
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Facts are what the controller knows beside the order itself.
type Facts struct {
	// Account that pays; nil when it does not exist.
	Account *v1alpha1.ZMAAccount
	// CredentialsFound tells whether the account's token could be read.
	CredentialsFound bool
	// CredentialsValidSince is when the provider last began to take the account's
	// token; zero when it does not, or when that is not known.
	CredentialsValidSince time.Time
	// PolicyProblem says why the order's policy can't be applied; empty when it
	// can, or when there is none.
	PolicyProblem string
	// LastObserved is when this process last read the order from the provider;
	// zero when it has not yet.
	LastObserved time.Time
	// Hinted tells that the provider has called back about the order since it was
	// last read.
	Hinted bool
	// Jitter in [0,1) spreads polls; stable for one order.
	Jitter float64
	// CircuitOpen tells that the account's provider keeps failing, so that calls
	// have to wait.
	CircuitOpen bool
	// CircuitTrying tells that the provider has answered again and one order is to
	// try.
	CircuitTrying bool
	// ProviderBackAt is when the account's circuit last closed; zero when it has
	// been closed since the process began.
	ProviderBackAt time.Time
	// Asked is what a person has asked for by annotation; empty when nothing is, or
	// when it does not count.
	Asked string
	// Recalled tells that this process has asked the ledger about the order, and that
	// the ledger knew of no later attempt than the status does.
	Recalled bool
	// Outdated tells that the present attempt was prepared for another address, or
	// another ceiling, than it would be now.
	Outdated bool
}
