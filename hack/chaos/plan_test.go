package chaos

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/chaos/cut"
	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func TestASeedDecidesEverything(t *testing.T) {
	if diff := cmp.Diff(NewPlan(7, "ns", DefaultOrders), NewPlan(7, "ns", DefaultOrders)); diff != "" {
		t.Errorf("one seed, two plans: %s", diff)
	}
	if cmp.Equal(NewPlan(7, "ns", DefaultOrders), NewPlan(8, "ns", DefaultOrders)) {
		t.Error("two seeds, one plan")
	}
}

// TestEachFixedSeedHoldsEverything counts what a run is made of: a kind that
// never happens proves nothing.
func TestEachFixedSeedHoldsEverything(t *testing.T) {
	for _, seed := range fixedSeeds() {
		p := NewPlan(seed, "ns", DefaultOrders)
		if len(p.Orders) != DefaultOrders {
			t.Errorf("seed %d has %d orders", seed, len(p.Orders))
		}
		have := contents(p)
		for _, want := range wanted() {
			if have[want] == 0 {
				t.Errorf("seed %d has no %s", seed, want)
			}
		}
	}
}

// TestTheFixedSeedsCutEverything has each link refused and a black hole, and each
// process killed, in one seed or another.
func TestTheFixedSeedsCutEverything(t *testing.T) {
	have := map[string]int{}
	for _, seed := range fixedSeeds() {
		for _, e := range NewPlan(seed, "ns", DefaultOrders).Events {
			have[fmt.Sprint(e.Kind, " ", e.Target, " ", e.State)]++
		}
	}
	var want []string
	for _, link := range []string{linkAPI, linkDB, linkProvider} {
		for _, s := range []cut.State{cut.Refused, cut.Blackhole} {
			want = append(want, fmt.Sprint(Cut, " ", link, " ", s))
		}
	}
	for _, process := range []string{controllerA, controllerB, leader, webhookProc} {
		want = append(want, fmt.Sprint(Kill, " ", process, " ", cut.On))
	}
	for _, w := range want {
		if have[w] == 0 {
			t.Errorf("no fixed seed has %s", w)
		}
	}
}

func contents(p *Plan) map[string]int {
	have := map[string]int{}
	for _, o := range p.Orders {
		have["behaviour "+string(o.Behaviour)]++
		have["code "+o.Code]++
		for _, f := range o.Rules {
			have[fmt.Sprintf("fault %s of %s %s", f.Kind, f.Method, f.PathPrefix)]++
		}
		for word, is := range map[string]bool{
			"cancelled": o.Cancelled(), "wiped": o.Wiped, "recreated": o.Recreated, "scheduled": o.NotBefore > 0,
			"moved": o.Moved, "calm": o.Calm, "resent": len(o.ResendAt) > 0,
		} {
			if is {
				have[word]++
			}
		}
	}
	for _, f := range p.Faults {
		have[fmt.Sprintf("fault %s of listings", f.Rule.Kind)]++
	}
	for _, e := range p.Events {
		have["event "+string(e.Kind)]++
	}
	return have
}

func wanted() []string {
	out := []string{"cancelled", "wiped", "recreated", "scheduled", "moved", "calm", "resent", "fault ListingLag of listings"}
	for _, code := range zmasim.Codes() {
		out = append(out, "code "+code)
	}
	for _, b := range []oracle.Behaviour{
		oracle.Buys, oracle.RetailerCancels, oracle.Stuck, oracle.AbortTooLate, oracle.CancelRefused, oracle.Fails, oracle.FailsOnce, oracle.Refuses,
	} {
		out = append(out, "behaviour "+string(b))
	}
	for _, kind := range paidFaults() {
		out = append(out, fmt.Sprintf("fault %s of POST /v1/orders", kind), fmt.Sprintf("fault %s of listings", kind))
	}
	for _, kind := range readFaults() {
		out = append(out, fmt.Sprintf("fault %s of GET /v1/orders/", kind))
	}
	for _, kind := range callbackFaults() {
		out = append(out, fmt.Sprintf("fault %s of  ", kind))
	}
	for _, kind := range []EventKind{Kill, Terminate, Freeze, Cut, Move} {
		out = append(out, "event "+string(kind))
	}
	slices.Sort(out)
	return out
}
