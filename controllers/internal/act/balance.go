package act

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
)

// Bounds of reading the balance before a spend.
const (
	// largeShare of what is available makes a spend large: more than a tenth.
	largeShare = 10
	// balanceTimeout of the reading: an order waits for it.
	balanceTimeout = 5 * time.Second
	// liveFor is how long a reading counts as live for others who want one: what was
	// settled since it was asked for counts in the ledger in any case.
	liveFor = 2 * time.Second
	// balancePause after a reading that failed; until then nobody waits for the next.
	balancePause = 5 * time.Second
	// defaultBalancePoll is the pause between two readings of an account that sets
	// none.
	defaultBalancePoll = time.Minute
)

// Outcomes of a reading before a spend.
const (
	balanceRead   = "ok"
	balanceFailed = "failed"
)

// BalancePoll is the pause between two readings of an account's balance.
func BalancePoll(account *v1alpha1.ZMAAccount) time.Duration {
	if p := account.Spec.Balance.PollInterval; p != nil {
		return p.Duration
	}
	return defaultBalancePoll
}

// reading of a balance.
type reading struct {
	// cents at the provider; meaningless unless known.
	cents int64
	// at is when it was asked for.
	at    time.Time
	known bool
	// live tells that it was read for the spend at hand.
	live bool
}

// readFirst tells whether the balance has to be read before a price is reserved:
// when the price is a large part of what is available by the last reading, or when
// that reading is old. Everything else is left to the poll.
func readFirst(last reading, reservedCents, priceCents int64, poll time.Duration, now time.Time) bool {
	if !last.known || now.Sub(last.at) > 2*poll {
		return true
	}
	return priceCents > (last.cents-reservedCents)/largeShare
}

// balance gives the balance that a reservation is checked against: a live one before
// a large spend, else the last that was read.
//
// A provider that can't be asked does not hold the order, which goes on by the last
// reading, or by none. That is safe: what this installation has reserved and spent
// since is counted by the ledger in any case, so only a movement made elsewhere can be
// missed; the account is prefunded, so the provider refuses what it can't pay, and
// that costs nothing. To wait instead would stop all orders for a balance that the
// provider can't show, while it goes on taking orders.
func (x *Executors) balance(ctx context.Context, account *v1alpha1.ZMAAccount, priceCents int64) (reading, error) {
	last := x.lastReading(account)
	if !readFirst(last, account.Status.ReservedCents, priceCents, BalancePoll(account), x.Now()) {
		return last, nil
	}
	gate, err := x.Gates.For(ctx, account)
	if err != nil {
		return reading{}, &Transient{Err: err}
	}
	if state, _ := gate.Circuit(); state != pace.Closed {
		// The provider is known to be away; the account's controller probes it.
		return last, nil
	}
	live, ok := x.balances.of(account).read(x.Now, func() (int64, error) { return x.askBalance(ctx, account) })
	if !ok {
		return last, nil
	}
	if was := account.Status.BalanceCents; was != nil && live.cents > *was {
		// Somebody has paid in: orders that wait need not wait for the next poll.
		x.BalanceMoved(accountName(account))
	}
	return live, nil
}

// lastReading is the newest of the account's own and of those made before a spend.
func (x *Executors) lastReading(account *v1alpha1.ZMAAccount) reading {
	var last reading
	if cents, at := account.Status.BalanceCents, account.Status.BalanceAt; cents != nil && at != nil {
		last = reading{cents: *cents, at: at.Time, known: true}
	}
	if kept := x.balances.of(account).last(); kept.known && last.known && kept.at.After(last.at) {
		return kept
	}
	return last
}

func (x *Executors) askBalance(ctx context.Context, account *v1alpha1.ZMAAccount) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, min(x.CallTimeout, balanceTimeout))
	defer cancel()
	outcome := balanceFailed
	defer func() { x.Metrics.BalanceReads.WithLabelValues(outcome).Inc() }()
	provider, err := x.Providers.For(ctx, account)
	if err != nil {
		log(ctx).Info("Balance not read before a large spend", "error", err.Error())
		return 0, err
	}
	balance, err := provider.Balance(ctx)
	if err != nil {
		log(ctx).Info("Balance not read before a large spend", "error", err.Error())
		return 0, err
	}
	outcome = balanceRead
	return balance.AvailableCents, nil
}

func accountName(account *v1alpha1.ZMAAccount) types.NamespacedName {
	return types.NamespacedName{Namespace: account.Namespace, Name: account.Name}
}

// balances keeps the readings before a spend, by account.
type balances struct {
	mu       sync.Mutex
	accounts map[types.NamespacedName]*liveBalance
}

// of gives the readings of an account; new ones when its spec has changed, which
// may name another account at the provider.
func (b *balances) of(account *v1alpha1.ZMAAccount) *liveBalance {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := accountName(account)
	if have, ok := b.accounts[key]; ok && have.generation == account.Generation && have.uid == account.UID {
		return have
	}
	if b.accounts == nil {
		b.accounts = map[types.NamespacedName]*liveBalance{}
	}
	made := &liveBalance{generation: account.Generation, uid: account.UID}
	b.accounts[key] = made
	return made
}

// liveBalance is one account's last reading before a spend.
type liveBalance struct {
	generation int64
	uid        types.UID

	// asking is held while the provider is asked, so that one order asks for all.
	asking   sync.Mutex
	failedAt time.Time // guarded by asking

	mu   sync.Mutex
	kept reading
	done time.Time // when kept was answered
}

// last gives what was read last.
func (l *liveBalance) last() reading {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept
}

// read asks, or shares a reading that another order got while this one waited, or a
// moment before: orders that wait for money would ask with each look otherwise. False
// when the provider can't say.
func (l *liveBalance) read(now func() time.Time, ask func() (int64, error)) (reading, bool) {
	wanted := now()
	l.asking.Lock()
	defer l.asking.Unlock()
	if kept, ok := l.lively(wanted); ok {
		return kept, true
	}
	at := now()
	if !l.failedAt.IsZero() && at.Sub(l.failedAt) < balancePause {
		return reading{}, false
	}
	cents, err := ask()
	if err != nil {
		l.failedAt = now()
		return reading{}, false
	}
	l.failedAt = time.Time{}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept, l.done = reading{cents: cents, at: at, known: true}, now()
	return reading{cents: cents, at: at, known: true, live: true}, true
}

// lively gives the last reading if it counts as live for who wanted one then.
func (l *liveBalance) lively(wanted time.Time) (reading, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.kept
	kept.live = true
	return kept, kept.known && l.done.Add(liveFor).After(wanted)
}
