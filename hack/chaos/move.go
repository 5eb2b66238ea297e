package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// move lets the second account name another provider account, checks that its
// orders under way stop, and moves it back.
func (w *world) move(ctx context.Context) error {
	moved := w.movedOrders()
	soon, cancel := context.WithTimeout(ctx, moveLimit)
	defer cancel()
	for _, o := range moved {
		// What is not yet reserved would be bought from the other account.
		if _, err := w.when(soon, o, "reserved before its account is moved", func(c *v1alpha1.ZMAOrder) bool { return c.Status.Submission != nil }); err != nil {
			return w.unlessOver(ctx, err)
		}
	}
	if err := w.pointTo(ctx, "acct-other"); err != nil {
		return err
	}
	w.say("the second account is moved")
	stopped := w.allStop(ctx, moved)
	if stopped == nil {
		stopped = w.silent(ctx, moved)
	}
	w.say("the second account is moved back")
	return errors.Join(stopped, w.pointTo(context.WithoutCancel(ctx), shop.ProviderAccountID(secondAccount)))
}

// moveLimit bounds each step of a move.
const moveLimit = 2 * time.Minute

// allStop waits until each order under way has stopped.
func (w *world) allStop(ctx context.Context, moved []*Order) error {
	soon, cancel := context.WithTimeout(ctx, moveLimit)
	defer cancel()
	for _, o := range moved {
		if _, err := w.when(soon, o, "stopped while its account is moved", stoppedOrOver); err != nil {
			return w.unlessOver(ctx, err)
		}
	}
	return nil
}

// silence is how long nothing may be asked about a moved account's orders.
const silence = 1500 * time.Millisecond

// silent checks that nobody asks the account that is named now about orders that
// were sent to the other one, nor sends it any.
func (w *world) silent(ctx context.Context, moved []*Order) error {
	theirs := map[string]bool{}
	for _, o := range moved {
		theirs[o.Identity] = true
	}
	before := w.sim.Record()
	for _, q := range before.Requests {
		if theirs[q.Identity] && q.RequestID != "" {
			theirs[q.RequestID] = true
		}
	}
	w.pause(ctx, silence)
	for _, q := range w.sim.Record().Requests[len(before.Requests):] {
		if theirs[q.Identity] || theirs[q.RequestID] {
			return fmt.Errorf("%s %s was called for an order of another provider account", q.Method, q.Path)
		}
	}
	return nil
}

// unlessOver forgives an error once the run was ended early.
func (w *world) unlessOver(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

func (w *world) movedOrders() []*Order {
	var out []*Order
	for _, o := range w.plan.Orders {
		if o.Moved {
			out = append(out, o)
		}
	}
	return out
}

// stoppedOrOver tells whether an order waits for its account, or had ended
// before.
func stoppedOrOver(o *v1alpha1.ZMAOrder) bool {
	reason := readyReason(o)
	return reason == v1alpha1.ReasonProviderAccountChanged || placed(o) || reason == v1alpha1.ReasonCostPending
}

func (w *world) pointTo(ctx context.Context, providerAccountID string) error {
	var a v1alpha1.ZMAAccount
	if err := w.client.Get(ctx, types.NamespacedName{Namespace: w.options.Namespace, Name: secondAccount}, &a); err != nil {
		return fmt.Errorf("read the account: %w", err)
	}
	patch := client.MergeFrom(a.DeepCopy())
	a.Spec.ProviderAccountID = providerAccountID
	return w.client.Patch(ctx, &a, patch)
}
