package pace

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is a gate whose wakes and changes are kept.
type bench struct {
	*Gate
	woken   []string
	changes []State
}

func newBench(l Limits, state State) *bench {
	b := &bench{}
	b.Gate = newGate(l, state, func(k Key) { b.woken = append(b.woken, k.Name) }, func(s State) { b.changes = append(b.changes, s) })
	return b
}

func key(n int) Key { return Key{Namespace: "shop", Name: fmt.Sprintf("o-%03d", n)} }

// born gives the creation time of order n: a higher number is younger.
func born(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }

func (b *bench) enter(n int, now time.Time) string { return b.Enter(key(n), born(n), now) }

func TestABacklogGoesOldestFirstWithinTheRate(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 60, MaxInFlight: 1000, Failures: 5}, Closed)
	sent := 0
	for n := 100; n > 0; n-- { // the youngest asks first
		if b.enter(n, t0) == "" {
			sent++
		}
	}
	if sent != 6 {
		t.Errorf("%d went at once, want a tenth of the rate", sent)
	}
	var order []string
	for second := 1; second <= 60; second++ {
		now := t0.Add(time.Duration(second) * time.Second)
		b.pump(now)
		for _, name := range b.woken {
			var n int
			if _, err := fmt.Sscanf(name, "o-%d", &n); err != nil {
				t.Fatal(err)
			}
			if why := b.enter(n, now); why != "" {
				t.Errorf("%s was woken and has to wait for %s", name, why)
			}
			order = append(order, name)
		}
		b.woken = nil
	}
	if len(order) != 60 || !slices.IsSorted(order) {
		t.Errorf("%d went in a minute in the order %v", len(order), order)
	}
}

func TestANewcomerDoesNotOvertakeWhoWaits(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 60, MaxInFlight: 1000, Failures: 5}, Closed)
	for n := range 7 {
		b.enter(n, t0)
	}
	if why := b.enter(50, t0.Add(time.Hour)); why != WaitOlder {
		t.Errorf("a newcomer finds a free turn and waits for %q, want an older order to go first", why)
	}
	if why := b.enter(3, t0.Add(time.Hour)); why != "" {
		t.Errorf("an older order that was not waiting waits for %q", why)
	}
}

func TestATurnThatNobodyTakesGoesToTheNext(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 60, MaxInFlight: 7, Failures: 5}, Closed)
	for n := range 9 {
		b.enter(n, t0)
	}
	b.pump(t0.Add(time.Second))
	if !slices.Equal(b.woken, []string{"o-006"}) {
		t.Fatalf("woken %v, want the oldest alone: the seventh place is the last", b.woken)
	}
	b.pump(t0.Add(5 * time.Second))
	if len(b.woken) != 1 {
		t.Fatalf("woken %v while the turn of one that was woken is kept", b.woken)
	}
	b.pump(t0.Add(time.Second + grantTTL))
	if !slices.Equal(b.woken, []string{"o-006", "o-007"}) {
		t.Errorf("woken %v, want the next one once the turn has lapsed", b.woken)
	}
}

func TestTheNumberInFlightIsKept(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 60000, MaxInFlight: 2, Failures: 5}, Closed)
	for n := range 2 {
		if why := b.enter(n, t0); why != "" {
			t.Fatalf("order %d waits for %s", n, why)
		}
	}
	if why := b.enter(2, t0); why != WaitInFlight {
		t.Fatalf("a third order waits for %q", why)
	}
	b.Track(key(0), false)
	b.pump(t0)
	if !slices.Equal(b.woken, []string{"o-002"}) {
		t.Errorf("woken %v when a place became free", b.woken)
	}
}

func TestThePauseThatTheProviderAsksForIsKept(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 600, MaxInFlight: 100, Failures: 5}, Closed)
	b.Submitted(true, time.Minute, t0)
	if why := b.enter(1, t0.Add(59*time.Second)); why != WaitAsked {
		t.Errorf("within the pause it waits for %q", why)
	}
	b.pump(t0.Add(time.Minute))
	if len(b.woken) != 1 {
		t.Error("nobody is woken when the pause is over")
	}
}

func TestTheCircuit(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 600, MaxInFlight: 100, Failures: 3}, Closed)
	for range 3 {
		b.Submitted(false, 0, t0)
	}
	if !slices.Equal(b.changes, []State{Open}) {
		t.Fatalf("after three failures in a row the circuit went through %v", b.changes)
	}
	for n := range 3 {
		if why := b.enter(n, t0); why != WaitCircuit {
			t.Fatalf("while open an order waits for %q", why)
		}
	}
	b.Unanswered(t0.Add(time.Second))
	b.pump(t0.Add(time.Second))
	if len(b.woken) != 0 {
		t.Fatalf("woken %v while open", b.woken)
	}
	b.Probed(t0.Add(2 * time.Second))
	b.pump(t0.Add(2 * time.Second))
	if !slices.Equal(b.changes, []State{Open, HalfOpen}) || !slices.Equal(b.woken, []string{"o-000"}) {
		t.Fatalf("once the probe is answered: %v, woken %v; want half-open and the oldest alone", b.changes, b.woken)
	}
	b.enter(0, t0.Add(2*time.Second))
	b.Submitted(true, 0, t0.Add(3*time.Second))
	b.pump(t0.Add(3 * time.Second))
	state, closedAt := b.Circuit()
	if state != Closed || !closedAt.Equal(t0.Add(3*time.Second)) || len(b.woken) != 3 {
		t.Errorf("after the trial the circuit is %v since %s, woken %v; want closed and all", state, closedAt, b.woken)
	}
}

func TestAFailedTrialOpensTheCircuitAgain(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 600, MaxInFlight: 100, Failures: 3}, Open)
	b.enter(0, t0)
	b.enter(1, t0)
	b.Probed(t0)
	b.pump(t0)
	b.enter(0, t0)
	b.Submitted(false, 0, t0.Add(time.Second))
	b.pump(t0.Add(time.Second))
	if state, _ := b.Circuit(); state != Open || len(b.woken) != 1 {
		t.Errorf("the circuit is %v, woken %v; want open and nobody but the trial", state, b.woken)
	}
}

func TestWithoutAnOrderToTryTheProbeCloses(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 600, MaxInFlight: 100, Failures: 3}, Open)
	b.Probed(t0)
	if state, _ := b.Circuit(); state != Closed {
		t.Errorf("the circuit is %v", state)
	}
}

func TestFailuresOfADayAreNoOutage(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 600, MaxInFlight: 100, Failures: 3}, Closed)
	for n := range 10 {
		b.Unanswered(t0.Add(time.Duration(n) * 2 * forget))
	}
	if state, _ := b.Circuit(); state != Closed {
		t.Errorf("the circuit is %v", state)
	}
}

func TestLimitsChangeWithoutARestart(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 1, MaxInFlight: 1, Failures: 3}, Closed)
	b.enter(0, t0)
	b.enter(1, t0)
	b.configure(Limits{RatePerMinute: 60000, MaxInFlight: 10, Failures: 3}, t0)
	b.pump(t0.Add(time.Second))
	if len(b.woken) != 1 {
		t.Error("nobody is woken by the higher limits")
	}
}

func TestAnOrderThatLeavesIsNotWoken(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 60, MaxInFlight: 1, Failures: 3}, Closed)
	b.enter(0, t0)
	b.enter(1, t0)
	b.Leave(key(1))
	b.Track(key(0), false)
	b.pump(t0.Add(time.Minute))
	if len(b.woken) != 0 {
		t.Errorf("woken %v", b.woken)
	}
}

func account() *v1alpha1.ZMAAccount {
	return &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}}
}

func TestARegistryGoesOnWhereTheProcessBeforeStopped(t *testing.T) {
	a := account()
	a.Spec.Submission.MaxInFlight = 2
	a.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionCircuitClosed, Status: metav1.ConditionFalse}}
	r := NewRegistry(Hooks{
		Now: func() time.Time { return t0 }, Wake: func(Key) {}, Changed: func(Key, State) {},
		InFlight: func(context.Context, Key) ([]Key, error) { return []Key{key(7), key(8)}, nil },
	})
	g, err := r.For(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if state, _ := g.Circuit(); state != Open {
		t.Errorf("the circuit begins as %v, the account says that it was open", state)
	}
	g.Probed(t0)
	if why := g.Enter(key(1), t0, t0); why != WaitInFlight {
		t.Errorf("an order waits for %q, with two in flight from before", why)
	}
}

func TestInFlight(t *testing.T) {
	order := func(state v1alpha1.SubmissionState, change func(*v1alpha1.ZMAOrder)) *v1alpha1.ZMAOrder {
		o := &v1alpha1.ZMAOrder{Status: v1alpha1.ZMAOrderStatus{Submission: &v1alpha1.Submission{State: state}}}
		if change != nil {
			change(o)
		}
		return o
	}
	for name, c := range map[string]struct {
		order *v1alpha1.ZMAOrder
		want  bool
	}{
		"not submitted yet": {&v1alpha1.ZMAOrder{}, false},
		"accepted":          {order(v1alpha1.SubmissionAccepted, nil), true},
		"unknown":           {order(v1alpha1.SubmissionUnknown, nil), true},
		"not sent":          {order(v1alpha1.SubmissionNotSent, nil), false},
		"refused":           {order(v1alpha1.SubmissionRejected, nil), false},
		"placed":            {order(v1alpha1.SubmissionAccepted, func(o *v1alpha1.ZMAOrder) { o.Status.Placement = &v1alpha1.Placement{} }), false},
		"waits for a person": {order(v1alpha1.SubmissionUnknown, func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue}}
		}), false},
	} {
		if got := InFlight(c.order); got != c.want {
			t.Errorf("%s: in flight %v", name, got)
		}
	}
}

// scripted is a provider whose calls go as it is told.
type scripted struct {
	zma.Client
	err    error
	result zma.SubmitResult
	calls  int
}

func (s *scripted) Get(context.Context, string) (zma.Observation, error) {
	s.calls++
	return zma.Observation{}, s.err
}

func (s *scripted) Balance(context.Context) (zma.Balance, error) {
	s.calls++
	return zma.Balance{}, s.err
}

func (s *scripted) Submit(context.Context, zma.OrderRequest) zma.SubmitResult {
	s.calls++
	return s.result
}

func TestCallsReportToTheGate(t *testing.T) {
	b := newBench(Limits{RatePerMinute: 600, MaxInFlight: 100, Failures: 2}, Closed)
	inner := &scripted{err: &zma.CallError{Kind: zma.KindNotFound}}
	c := &client{Client: inner, gate: b.Gate, now: func() time.Time { return t0 }}
	for range 3 {
		_, _ = c.Get(t.Context(), "r")
	}
	if state, _ := b.Circuit(); state != Closed {
		t.Fatal("an answer that the order is not known counts as no answer")
	}
	inner.err = &zma.CallError{Kind: zma.KindUnavailable}
	for range 2 {
		_, _ = c.Get(t.Context(), "r")
	}
	if state, _ := b.Circuit(); state != Open {
		t.Fatal("two calls without an answer leave the circuit closed")
	}
	made := inner.calls
	if _, err := c.Get(t.Context(), "r"); err == nil || inner.calls != made {
		t.Error("a call is made while the circuit is open")
	}
	if _, err := c.Balance(t.Context()); err == nil || inner.calls != made+1 {
		t.Error("the probe is not made while the circuit is open")
	}
	inner.err = nil
	if _, err := c.Balance(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, _ := b.Circuit(); state != Closed {
		t.Error("an answered probe does not close the circuit, though no order waits")
	}
	inner.result = zma.SubmitResult{Verdict: zma.NotSent, Code: "rate_limited", RetryAfter: time.Minute}
	c.Submit(t.Context(), zma.OrderRequest{})
	if why := b.enter(1, t0); why != WaitAsked {
		t.Errorf("after a 429 an order waits for %q", why)
	}
}
