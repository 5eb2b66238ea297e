package chaos

import (
	"math/rand/v2"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// Times of a run, from the end of the calm in which its first orders come in.
const (
	// lastSend is when the last new order comes in.
	lastSend = 26 * time.Second
	// moveAt is when the second account is moved, and moveRoom the time before
	// anything else is done to the machinery: its orders have to be seen to stop.
	moveAt, moveRoom = 2 * time.Second, 5 * time.Second
	// storm is when the last fault begins at the latest.
	storm = 36 * time.Second
)

// Plan is everything that happens in a run. It follows from seed and number of
// orders alone.
type Plan struct {
	// Seed that it was made from.
	Seed uint64
	// Orders by external ID.
	Orders []*Order
	// Faults of calls that are about no one order.
	Faults []TimedFault
	// Events by time.
	Events []Event
}

// Order is one order's part of the plan. Times count from the start of the run.
type Order struct {
	oracle.Script
	// Source is the name of the webhook source.
	Source string
	// SendAt is when its webhook is first sent, and ResendAt when again. Orders of
	// the calm are sent before the clock starts.
	SendAt   time.Duration
	ResendAt []time.Duration
	// Rules are the faults that the provider has in store for it.
	Rules []zmasim.Fault
	// NotBefore schedules it so much after SendAt; zero does not.
	NotBefore time.Duration
	// CancelPlaced asks for a cancellation as soon as the order is placed, in place of
	// a time.
	CancelPlaced bool
	// WipeAfter is when its status is lost, from SendAt; zero never.
	WipeAfter time.Duration
}

// TimedFault is a fault that is added at a time.
type TimedFault struct {
	At   time.Duration
	Rule zmasim.Fault
}

// Scripts of all orders.
func (p *Plan) Scripts() []oracle.Script {
	out := make([]oracle.Script, 0, len(p.Orders))
	for _, o := range p.Orders {
		out = append(out, o.Script)
	}
	return out
}

// NewPlan makes the plan of a seed for a namespace, in which so many orders come
// in.
func NewPlan(seed uint64, namespace string, orders int) *Plan {
	r := rand.New(rand.NewPCG(seed, 0))
	p := &Plan{Seed: seed}
	p.Orders = planOrders(r, namespace, orders)
	p.Faults = planSharedFaults(r)
	p.Events = planEvents(r)
	return p
}

// between is a random time from low to high.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return (low + time.Duration(r.Int64N(int64(high-low)))).Truncate(time.Millisecond)
}

// chance is true so often.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

// deck deals from a list so that each of it has its turn before any comes again.
type deck[T any] struct {
	r    *rand.Rand
	all  []T
	left []T
}

func (d *deck[T]) next() T {
	if len(d.left) == 0 {
		for _, i := range d.r.Perm(len(d.all)) {
			d.left = append(d.left, d.all[i])
		}
	}
	card := d.left[0]
	d.left = d.left[1:]
	return card
}
