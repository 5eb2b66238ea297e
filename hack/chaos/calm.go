package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
)

// calm lets the first orders come in while nothing fails, and waits until the
// provider has taken them. What goes wrong then is nobody's fault but the
// product's; the oracle is asked at once.
func (w *world) calm(ctx context.Context) ([]oracle.Violation, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var acts []func(context.Context) error
	for _, o := range w.plan.Orders {
		if o.Calm {
			acts = append(acts, func(ctx context.Context) error { return w.calmOrder(ctx, o) })
		}
	}
	if err := together(ctx, acts); err != nil {
		return nil, err
	}
	return oracle.Calm(w.plan.Scripts(), w.sim.Record()), nil
}

func (w *world) calmOrder(ctx context.Context, o *Order) error {
	raw, err := w.body(o)
	if err != nil {
		return err
	}
	if err := w.send(ctx, o, raw); err != nil {
		return err
	}
	_, err = w.when(ctx, o, "accepted by the provider", func(c *v1alpha1.ZMAOrder) bool {
		return c.Status.Submission != nil && c.Status.Submission.State == v1alpha1.SubmissionAccepted
	})
	return err
}

// led waits until a controller leads.
func (w *world) led(ctx context.Context) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); w.pause(ctx, 100*time.Millisecond) {
		if w.keepers[controllerA].leads() || w.keepers[controllerB].leads() {
			return nil
		}
	}
	return fmt.Errorf("no controller leads; the end of a log: %s", w.keepers[controllerA].tail(3000))
}
