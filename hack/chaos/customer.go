package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// body is a webhook as the native mapping reads it.
type body struct {
	*shop.Order
	NotBefore string `json:"notBefore,omitempty"`
}

// body of an order's webhook; the same each time.
func (w *world) body(o *Order) ([]byte, error) {
	item := shop.Item{ProductID: o.Product, Quantity: 1, UnitPriceCents: zmasim.PriceOf(o.Product), Title: "Something good"}
	b := body{Order: shop.NewOrder(o.ID, item)}
	if o.NotBefore > 0 {
		b.NotBefore = w.began.Add(o.SendAt + o.NotBefore).UTC().Format(time.RFC3339)
	}
	return json.Marshal(b)
}

// customer sends an order's webhook and does to it what the plan says. It ends
// when all of that is done.
func (w *world) customer(ctx context.Context, o *Order) error {
	if err := w.until(ctx, o.SendAt); err != nil {
		return err
	}
	raw, err := w.body(o)
	if err != nil {
		return err
	}
	if err := w.send(ctx, o, raw); err != nil {
		return err
	}
	var acts []func(context.Context) error
	for _, at := range o.ResendAt {
		acts = append(acts, func(ctx context.Context) error {
			if err := w.until(ctx, at); err != nil {
				return err
			}
			return w.send(ctx, o, raw)
		})
	}
	if o.CancelAfter > 0 {
		acts = append(acts, func(ctx context.Context) error { return w.cancel(ctx, o) })
	}
	if o.WipeAfter > 0 {
		acts = append(acts, func(ctx context.Context) error { return w.wipe(ctx, o) })
	}
	if o.Recreated {
		acts = append(acts, func(ctx context.Context) error { return w.recreate(ctx, o, raw) })
	}
	return together(ctx, acts)
}

// send delivers a webhook, again and again until it is accepted, as senders do.
func (w *world) send(ctx context.Context, o *Order, raw []byte) error {
	sender := shop.Sender{
		URL: "http://" + w.endpoint + w.setup.PathOf(o.Source), Secret: w.secret,
		HTTP: &http.Client{Timeout: 10 * time.Second}, Now: time.Now,
	}
	var last string
	for {
		answer, err := sender.Send(ctx, "msg-"+o.ID, raw)
		switch {
		case err != nil:
			last = err.Error()
		case answer.Status == http.StatusOK || answer.Status == http.StatusAccepted:
			return w.named(o, answer.Order())
		case answer.Status/100 == 5 || answer.Status == http.StatusTooManyRequests:
			last = fmt.Sprintf("%d %s", answer.Status, answer.Body)
		default:
			return fmt.Errorf("the webhook of order %s is answered %d: %s", o.ID, answer.Status, answer.Body)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the webhook of order %s is not accepted: %s", o.ID, last)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// named keeps the name that an order was given; each delivery must give the same.
func (w *world) named(o *Order, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.names[o.ID]; name == "" || ok && known != name {
		return fmt.Errorf("the webhook of order %s is answered with the name %q, before with %q", o.ID, name, known)
	}
	w.names[o.ID] = name
	return nil
}

func (w *world) get(ctx context.Context, o *Order) (*v1alpha1.ZMAOrder, error) {
	w.mu.Lock()
	name := w.names[o.ID]
	w.mu.Unlock()
	var out v1alpha1.ZMAOrder
	err := w.client.Get(ctx, types.NamespacedName{Namespace: w.options.Namespace, Name: name}, &out)
	return &out, err
}

// cancel asks for the order's cancellation.
func (w *world) cancel(ctx context.Context, o *Order) error {
	if err := w.until(ctx, o.SendAt+o.CancelAfter); err != nil {
		return err
	}
	if o.CancelPlaced {
		// Whoever sees it only after its end asks in vain.
		if _, err := w.when(ctx, o, "placed", func(c *v1alpha1.ZMAOrder) bool { return ended(c, false) }); err != nil {
			return err
		}
	}
	current, err := w.get(ctx, o)
	if err == nil {
		w.say("order %s: cancel", o.ID)
		patch := client.MergeFrom(current.DeepCopy())
		current.Spec.Cancel = true
		err = w.client.Patch(ctx, current, patch)
	}
	if o.Recreated && apierrors.IsNotFound(err) {
		return nil // it had ended, and was just deleted to be made anew
	}
	return err
}

// wipe takes the order's status away, as a restore without it does.
func (w *world) wipe(ctx context.Context, o *Order) error {
	if err := w.until(ctx, o.SendAt+o.WipeAfter); err != nil {
		return err
	}
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current, err := w.get(ctx, o)
		if err != nil {
			return err
		}
		w.watch.wipe(string(current.UID))
		current.Status = v1alpha1.ZMAOrderStatus{ObservedGeneration: -1}
		err = w.client.Status().Update(ctx, current)
		if err == nil {
			w.say("order %s: status wiped", o.ID)
		}
		return err
	})
}

// when waits until an order is as wanted.
func (w *world) when(ctx context.Context, o *Order, what string, ok func(*v1alpha1.ZMAOrder) bool) (*v1alpha1.ZMAOrder, error) {
	last := "nothing is known of it"
	for {
		current, err := w.get(ctx, o)
		if err == nil && ok(current) {
			return current, nil
		}
		if err == nil {
			last = conditions(current)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("order %s is not %s: %s", o.ID, what, last)
		case <-time.After(150 * time.Millisecond):
		}
	}
}
