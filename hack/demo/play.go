package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// patience is how long the show waits for an order.
const patience = 90 * time.Second

// play sends every webhook, watches the orders, and reports.
func (s *scene) play(ctx context.Context) (bool, error) {
	deliveries := script()
	for _, d := range deliveries {
		if d.fault != "" {
			s.stack.ZMA.AddFault(zmasim.Fault{
				Method: "POST", PathPrefix: "/v1/orders", Identity: identity(d.id), Kind: d.fault,
				Times: 1, Status: 500, RetryAfter: time.Second,
			})
		}
	}
	r := &report{}
	say(fmt.Sprintf("Sending %d webhooks, signed by the Standard Webhooks specification", len(deliveries)))
	for _, d := range deliveries {
		answer, err := s.deliver(ctx, d)
		if err != nil {
			return false, err
		}
		r.expect(answer.Status == d.status, "%-42s %d", d.what, answer.Status)
	}
	say("The orders make their way")
	if err := s.watch(ctx, wanted(deliveries)); err != nil {
		return false, err
	}
	return s.report(ctx, r, deliveries)
}

// deliver sends one webhook, damaged as the script says.
func (s *scene) deliver(ctx context.Context, d delivery) (shop.Answer, error) {
	body := d.order.JSON()
	if d.change != nil {
		body = d.change(body)
	}
	sender := *s.sender
	if d.forged {
		sender.Secret = shop.NewSecret()
	}
	at := time.Now().Add(-d.late)
	signature, err := sender.Sign("msg-"+d.id, at, body)
	if err != nil {
		return shop.Answer{}, err
	}
	if d.tampered {
		body = bytes.Replace(body, []byte(`"quantity":1`), []byte(`"quantity":9`), 1)
	}
	return sender.SendSigned(ctx, "msg-"+d.id, at, signature, body)
}

// wanted are the reasons that the orders have to end with, by name.
func wanted(deliveries []delivery) map[string]string {
	out := map[string]string{}
	for _, d := range deliveries {
		if d.reason != "" {
			out[v1alpha1.OrderNameFor(shop.SourceName, d.id)] = d.reason
		}
	}
	return out
}

// watch prints each change of an order's status until every order is where it has
// to end, or patience does.
func (s *scene) watch(ctx context.Context, wanted map[string]string) error {
	limit, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var list v1alpha1.ZMAOrderList
	w, err := s.client.Watch(limit, &list, client.InNamespace(namespace))
	if err != nil {
		return err
	}
	defer w.Stop()
	start, last := time.Now(), map[string]string{}
	for arrived(wanted, last) < len(wanted) {
		select {
		case <-limit.Done():
			return ctx.Err() // none when patience ended: the report says what did not arrive
		case event, open := <-w.ResultChan():
			if !open {
				return ctx.Err() // the report reads the orders anew
			}
			o, ok := event.Object.(*v1alpha1.ZMAOrder)
			if !ok {
				continue
			}
			ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
			if ready == nil || last[o.Name] == ready.Reason {
				continue
			}
			last[o.Name] = ready.Reason
			fmt.Printf("  %5.1fs  %s  order %s  %-20s %s\n", time.Since(start).Seconds(), o.Name, o.Spec.Source.ExternalID, ready.Reason, short(ready.Message))
		}
	}
	return nil
}

func arrived(wanted, last map[string]string) (n int) {
	for name, reason := range wanted {
		if last[name] == reason {
			n++
		}
	}
	return n
}

func short(s string) string {
	const most = 90
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func identity(id string) string { return namespace + "/" + shop.SourceName + "/" + id }
