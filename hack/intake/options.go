package intake

import (
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/intake/site"
)

// Options of a run.
type Options struct {
	// Seed of the plan.
	Seed uint64
	// Webhooks through the wide source, while everything fails in turn.
	Webhooks int
	// PerSecond is how many of them arrive.
	PerSecond float64
	// Troubles that happen meanwhile.
	Troubles []Trouble
	// Limited are webhooks through the narrow source, in calm; none when 0.
	Limited int
	// Binary of the operator.
	Binary string
	// Servers to run against.
	Servers *site.Servers
	// Logs is a folder in which the replicas' logs are kept; none when empty.
	Logs string
	// Progress takes a line now and then; may be nil.
	Progress func(string)
}

// narrow is the source with a limit that is felt.
const narrow = "narrow"

// patience is how long after the last arrival the last delivery may end.
const patience = 3 * time.Minute

// burst is how fast the webhooks for the narrow source arrive.
const burst = 2 * time.Second

// wide never limits anything here.
func wide() v1alpha1.RateLimit {
	return v1alpha1.RateLimit{PerMinute: 600000, Burst: 100000, PerClientPerMinute: 600000}
}

// narrowLimit is a hundred a second, and fifty at once.
func narrowLimit() v1alpha1.RateLimit {
	return v1alpha1.RateLimit{PerMinute: 6000, Burst: 50, PerClientPerMinute: 600000}
}
