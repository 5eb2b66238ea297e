package act

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

func TestALargeSpendReadsTheBalanceFirst(t *testing.T) {
	known := func(cents int64, age time.Duration) reading {
		return reading{cents: cents, at: noon.Add(-age), known: true}
	}
	for name, c := range map[string]struct {
		last            reading
		reserved, price int64
		want            bool
	}{
		"a tenth of what is available":       {known(10_000, 0), 0, 1000, false},
		"a cent more":                        {known(10_000, 0), 0, 1001, true},
		"reservations make it large":         {known(10_000, 0), 1000, 1000, true},
		"all is reserved":                    {known(10_000, 0), 10_000, 1, true},
		"a debt":                             {known(-10_000, 0), 0, 1, true},
		"a small spend, two polls later":     {known(10_000, 2*time.Minute), 0, 1, false},
		"a small spend, and the poll failed": {known(10_000, 2*time.Minute+1), 0, 1, true},
		"nobody knows the balance":           {reading{}, 0, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := readFirst(c.last, c.reserved, c.price, time.Minute, noon); got != c.want {
				t.Errorf("reads first: %t, want %t", got, c.want)
			}
		})
	}
}

// TestOrdersThatReserveTogetherShareAReading: no herd at the provider, and none of
// them trusts a reading that began before it asked.
func TestOrdersThatReserveTogetherShareAReading(t *testing.T) {
	var l liveBalance
	now, asked := noon, 0
	clock := func() time.Time { return now }
	ask := func() (int64, error) { asked++; return int64(100 * asked), nil }
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got, ok := l.read(clock, ask); !ok || got.cents != 100 || !got.live {
				t.Errorf("read %+v, %t", got, ok)
			}
		})
	}
	wg.Wait()
	if asked != 1 {
		t.Errorf("the provider was asked %d times", asked)
	}
	now = now.Add(liveFor - 1)
	if got, ok := l.read(clock, ask); !ok || got.cents != 100 || asked != 1 {
		t.Errorf("a reading of just before was not shared: %+v, asked %d times", got, asked)
	}
	now = now.Add(1)
	if got, ok := l.read(clock, ask); !ok || got.cents != 200 || asked != 2 {
		t.Errorf("an older reading was shared: %+v, asked %d times", got, asked)
	}
}

// TestAProviderThatCannotBeAskedIsLeftAloneForAWhile: orders go on by the last
// reading, and do not queue up behind calls that time out.
func TestAProviderThatCannotBeAskedIsLeftAloneForAWhile(t *testing.T) {
	var l liveBalance
	now, asked := noon, 0
	clock := func() time.Time { return now }
	fail := func() (int64, error) { asked++; return 0, errors.New("away") }
	for range 3 {
		if got, ok := l.read(clock, fail); ok || got.known {
			t.Fatalf("a failed reading gave %+v", got)
		}
	}
	if asked != 1 {
		t.Errorf("the provider was asked %d times", asked)
	}
	now = now.Add(balancePause)
	if got, ok := l.read(clock, func() (int64, error) { return 7, nil }); !ok || got.cents != 7 {
		t.Errorf("it is back, and the reading is %+v, %t", got, ok)
	}
}

// TestAReadingOfAnotherSpecDoesNotCount: it may be of another account there.
func TestAReadingOfAnotherSpecDoesNotCount(t *testing.T) {
	x := &Executors{Config: Config{Now: func() time.Time { return noon }}}
	cents, at := int64(10), metav1.NewTime(noon.Add(-time.Minute))
	account := &v1alpha1.ZMAAccount{Status: v1alpha1.ZMAAccountStatus{BalanceCents: &cents, BalanceAt: &at}}
	if _, ok := x.balances.of(account).read(x.Now, func() (int64, error) { return 99, nil }); !ok {
		t.Fatal("not read")
	}
	if last := x.lastReading(account); last.cents != 99 {
		t.Errorf("the newer reading does not count: %+v", last)
	}
	account.Generation = 2
	if last := x.lastReading(account); last.cents != 10 {
		t.Errorf("after a change of the spec %+v counts", last)
	}
	account.Status.BalanceCents = nil
	if last := x.lastReading(account); last.known {
		t.Errorf("an account whose balance is unknown has %+v", last)
	}
}

// oneProvider stands for the provider's client.
type oneProvider struct {
	zma.Client
	cents int64
	err   error
	asked int
}

func (p *oneProvider) For(context.Context, *v1alpha1.ZMAAccount) (zma.Client, error) { return p, nil }

func (p *oneProvider) Balance(ctx context.Context) (zma.Balance, error) {
	p.asked++
	if _, ok := ctx.Deadline(); !ok {
		return zma.Balance{}, errors.New("an order would wait for ever")
	}
	return zma.Balance{AvailableCents: p.cents}, p.err
}

// TestAnOrderGoesOnByTheBestReadingThereIs: a live one where it can be had, and the
// last one where it can't. A balance that was raised or lost is told to the account.
func TestAnOrderGoesOnByTheBestReadingThereIs(t *testing.T) {
	away := errors.New("away")
	cents := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		status   *int64
		provider oneProvider
		open     bool
		price    int64
		want     reading
		asked    int
		moved    int
	}{
		"a small spend":                    {status: cents(1000), provider: oneProvider{cents: 5}, price: 100, want: reading{cents: 1000, known: true}},
		"a large one":                      {status: cents(1000), provider: oneProvider{cents: 5}, price: 101, want: reading{cents: 5, known: true, live: true}, asked: 1},
		"somebody has paid in":             {status: cents(1000), provider: oneProvider{cents: 2000}, price: 101, want: reading{cents: 2000, known: true, live: true}, asked: 1, moved: 1},
		"the provider does not answer":     {status: cents(1000), provider: oneProvider{err: away}, price: 101, want: reading{cents: 1000, known: true}, asked: 1},
		"the circuit is open":              {status: cents(1000), open: true, price: 101, want: reading{cents: 1000, known: true}},
		"nobody knows, and can be told":    {provider: oneProvider{cents: 5}, price: 1, want: reading{cents: 5, known: true, live: true}, asked: 1},
		"nobody knows, and nobody is told": {provider: oneProvider{err: away}, price: 1, asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			x, _, _ := bench(t)
			moved := 0
			x.Providers, x.CallTimeout = &c.provider, time.Minute
			x.BalanceMoved = func(types.NamespacedName) { moved++ }
			x.Gates = pace.NewRegistry(pace.Hooks{
				Now: x.Now, Wake: func(types.NamespacedName) {}, Changed: func(types.NamespacedName, pace.State) {},
				InFlight: func(context.Context, types.NamespacedName) ([]types.NamespacedName, error) { return nil, nil },
			})
			account := &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}}
			if c.status != nil {
				at := metav1.NewTime(noon)
				account.Status.BalanceCents, account.Status.BalanceAt = c.status, &at
			}
			account.Spec.Breaker.Failures = 1
			if c.open {
				gate, err := x.Gates.For(t.Context(), account)
				if err != nil {
					t.Fatal(err)
				}
				gate.Unanswered(noon)
			}
			got, err := x.balance(t.Context(), account, c.price)
			got.at = time.Time{}
			if err != nil || got != c.want || c.provider.asked != c.asked || moved != c.moved {
				t.Errorf("%+v, %v, asked %d times, moved %d times; want %+v, %d, %d", got, err, c.provider.asked, moved, c.want, c.asked, c.moved)
			}
		})
	}
}
