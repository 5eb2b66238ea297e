package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
)

// guard looks at the provider's record all the time and ends the run as soon as
// a promise about money is broken. The channel gives what it has found.
func (w *world) guard(ctx context.Context, stop func()) <-chan []oracle.Violation {
	found := make(chan []oracle.Violation, 1)
	go func() {
		for {
			v := oracle.Quick(w.plan.Scripts(), w.sim.Record())
			if len(v) > 0 || w.options.Impatient && len(w.watch.broken()) > 0 {
				w.say("a promise is broken")
				found <- v
				stop()
				return
			}
			select {
			case <-ctx.Done():
				found <- nil
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	return found
}

// settle waits until every customer has acted, and every order has come to an end
// that was predicted and stays there. What is left when patience ends is wrong.
func (w *world) settle(ctx context.Context, report *Report, customers <-chan error) {
	p := newPatience(2 * len(w.plan.Orders)) // orders and their customers
	for ctx.Err() == nil {
		select {
		case err := <-customers:
			report.complain(err)
		default:
		}
		// An order whose customer has yet to act is not at its end, wherever it is.
		acting := int(w.acting.Load())
		violations, err := w.judge(ctx, report)
		if ctx.Err() != nil {
			return
		}
		if p.well(acting+len(violations), err) {
			w.say("all orders are well")
			return
		}
		if p.over() {
			if acting > 0 {
				report.complain(fmt.Errorf("%d customers still wait for their orders", acting))
			}
			report.complain(err)
			report.add(violations)
			return
		}
		if o := w.options; o.Progress != nil {
			o.Progress(fmt.Sprintf("%.0fs: %d customers have yet to act, %d orders are not yet well",
				time.Since(w.began).Seconds(), acting, len(violations)))
		}
		w.pause(ctx, time.Second)
	}
}

// judge asks the oracle about what is known now.
func (w *world) judge(ctx context.Context, report *Report) ([]oracle.Violation, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e, err := w.evidence(ctx)
	if err != nil {
		return nil, err
	}
	report.Evidence = e
	return oracle.Judge(w.plan.Scripts(), e), nil
}
