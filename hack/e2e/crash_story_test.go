package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// story is a way of an order through the operator, with the points at which the
// process is killed on it. A world of its own runs it for each point.
type story struct {
	name     string
	settings settings
	stripe   bool // payments are verified
	points   []proxy.Point
	// begin brings the world to where the points begin, and names the order; nothing
	// is to be done when nil.
	begin func(*world) string
	// act sets going what the process is killed in, and names the order.
	act func(w *world, name string) string
	// dead is done while no process runs; nothing when nil.
	dead func(w *world, name string)
	// then is done after the restart, and names the order; nothing when nil.
	then func(w *world, name string) string
	// end is what has to be true when everything has come to rest.
	end end
	// check looks at what end does not say; nothing when nil.
	check func(w *world, name string) error
}

// at is both sides of each effect, seen for the first time.
func at(effects ...string) []proxy.Point { return nth(0, effects...) }

// nth is both sides of each effect, seen for the nth time.
func nth(n int, effects ...string) []proxy.Point {
	var out []proxy.Point
	for _, e := range effects {
		out = append(out, proxy.Point{Effect: e, Phase: proxy.Before, Nth: n}, proxy.Point{Effect: e, Phase: proxy.After, Nth: n})
	}
	return out
}

// stories in the order of docs/crash-points.md.
func stories() []story {
	return slices.Concat(intake(), failures(), unknowns(), []story{edited()}, byHand(), cancellations(), refunds(), departures(), mails(), accounts())
}

// TestCrashes kills the real process on both sides of every effect that an order
// may have beside the undisturbed ones, and starts it again: each comes to the end
// that it would have had, and costs what it would have cost.
func TestCrashes(t *testing.T) {
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range s.points {
				t.Run(p.String(), func(t *testing.T) {
					t.Parallel()
					if s.stripe {
						s.settings.stripeURL = paidBank(t)
					}
					if err := newWorld(t, s.settings).crash(s, p); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// crash tells a story, kills the operator at a point of it, starts it again, and
// tells what is wrong with the end.
func (w *world) crash(s story, p proxy.Point) error {
	w.t.Helper()
	name := ""
	if s.begin != nil {
		name = s.begin(w)
	}
	hit := w.trap.Arm(p, w.operator.Kill)
	defer w.trap.Disarm()
	if s.act != nil {
		name = s.act(w, name)
	}
	select {
	case <-hit:
	case <-time.After(patience):
		return fmt.Errorf("the point %s was not reached", p)
	}
	if s.dead != nil {
		s.dead(w, name)
	}
	if err := w.operator.Start(w.t.Context()); err != nil {
		return err
	}
	if s.then != nil {
		name = s.then(w, name)
	}
	err := w.comesTo(name, s.end)
	if s.check != nil {
		err = errors.Join(err, s.check(w, name))
	}
	return errors.Join(err, w.nothingUnnamed())
}

// nothingUnnamed fails when the process has changed something that the proxies
// have no name for: no test could kill it there.
func (w *world) nothingUnnamed() error {
	if changes := w.trap.Unnamed(); len(changes) > 0 {
		return fmt.Errorf("changes without a name, so without a crash point: %q", changes)
	}
	return nil
}

// sends an order of one product as the act of a story.
func sends(product string) func(*world, string) string {
	return func(w *world, _ string) string { return w.send(shop.NewOrder(orderID, item(product))) }
}

// orderID is the external ID of a story's order.
const orderID = "1001"
