package pace

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// tick is how often waiting orders are looked at: the longest that a free turn
// stays unused.
const tick = 50 * time.Millisecond

// Hooks are what a registry needs of its surroundings.
type Hooks struct {
	// Now is the clock.
	Now func() time.Time
	// InFlight lists the orders of an account that are in flight, so that a new
	// process does not exceed the cap.
	InFlight func(ctx context.Context, account Key) ([]Key, error)
	// Wake makes an order look at its turn. It must not block.
	Wake func(order Key)
	// Changed is told of an account whose circuit has changed. It must not block.
	Changed func(account Key, state State)
}

// Registry holds one gate for each account.
type Registry struct {
	hooks Hooks

	mu    sync.Mutex
	gates map[Key]*Gate
}

// NewRegistry makes an empty registry.
func NewRegistry(h Hooks) *Registry { return &Registry{hooks: h, gates: map[Key]*Gate{}} }

// For gives the gate of an account with the limits that the account has now.
func (r *Registry) For(ctx context.Context, account *v1alpha1.ZMAAccount) (*Gate, error) {
	key := Key{Namespace: account.Namespace, Name: account.Name}
	r.mu.Lock()
	g, ok := r.gates[key]
	r.mu.Unlock()
	if ok {
		g.configure(limitsOf(account), r.hooks.Now())
		return g, nil
	}
	orders, err := r.hooks.InFlight(ctx, key)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if g, ok := r.gates[key]; ok {
		return g, nil
	}
	g = newGate(limitsOf(account), stateOf(account), r.hooks.Wake, func(s State) { r.hooks.Changed(key, s) })
	for _, order := range orders {
		g.Track(order, true)
	}
	r.gates[key] = g
	return g, nil
}

// Forget drops an order that is gone. Only its name is known then.
func (r *Registry) Forget(order Key) {
	for _, g := range r.all() {
		g.Leave(order)
	}
}

// Start gives out turns until the context ends.
func (r *Registry) Start(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			for _, g := range r.all() {
				g.pump(r.hooks.Now())
			}
		}
	}
}

// NeedLeaderElection ties turns to the controller that takes them.
func (r *Registry) NeedLeaderElection() bool { return true }

func (r *Registry) all() []*Gate {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*Gate, 0, len(r.gates))
	for _, g := range r.gates {
		out = append(out, g)
	}
	return out
}

func limitsOf(account *v1alpha1.ZMAAccount) Limits {
	l := Limits{
		RatePerMinute: int(account.Spec.Submission.RatePerMinute),
		MaxInFlight:   int(account.Spec.Submission.MaxInFlight),
		Failures:      int(account.Spec.Breaker.Failures),
	}
	// The API server sets the defaults; an object from elsewhere may lack them.
	if l.RatePerMinute == 0 {
		l.RatePerMinute = 60
	}
	if l.MaxInFlight == 0 {
		l.MaxInFlight = 100
	}
	if l.Failures == 0 {
		l.Failures = 5
	}
	return l
}

// stateOf goes on with the circuit as the process before has left it: an outage
// does not end because a controller is restarted.
func stateOf(account *v1alpha1.ZMAAccount) State {
	if meta.IsStatusConditionFalse(account.Status.Conditions, v1alpha1.ConditionCircuitClosed) {
		return Open
	}
	return Closed
}

// ProbePause is the pause between two probes of an account's provider while its
// circuit is open.
func ProbePause(account *v1alpha1.ZMAAccount) time.Duration {
	if p := account.Spec.Breaker.OpenFor; p != nil && p.Duration > 0 {
		return p.Duration
	}
	return 5 * time.Second
}

// InFlight tells whether an order counts against its account's cap: submitted, and
// neither placed nor refused. One that waits for a person does not, or a few of
// those would stop all others.
func InFlight(o *v1alpha1.ZMAOrder) bool {
	sub := o.Status.Submission
	if sub == nil || o.Status.Placement != nil || meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled) {
		return false
	}
	return sub.State.Unresolved() || sub.State == v1alpha1.SubmissionAccepted
}
