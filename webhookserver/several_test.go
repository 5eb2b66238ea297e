package webhookserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// recipient is one of a delivery to several people.
func recipient(id string, quantity int) string {
	return fmt.Sprintf(`{"id":%q,"product":"B000000001","quantity":%d,"cents":1000,"address":{"firstName":"First-%s","lastName":"Last",
 "line1":"1 Main St","city":"Austin","state":"TX","postalCode":"78701","country":"US","phone":"+15125550100"}}`, id, quantity, id)
}

func delivery(id string, recipients ...string) string {
	return fmt.Sprintf(`{"id":%q,"buyer":"c-1","to":[%s]}`, id, strings.Join(recipients, ","))
}

func TestSeveralRecipientsMakeSeveralOrders(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", mapped), keySecret())
	r := h.deliver(webPath, delivery("A-1", recipient("a", 1), recipient("b", 2)))
	names := []any{v1alpha1.OrderNameFor("web", "A-1-a"), v1alpha1.OrderNameFor("web", "A-1-b")}
	if r.status != 202 || !cmp.Equal(r.json["orders"], any(names)) || r.json["order"] != nil {
		t.Fatalf("%d %s", r.status, r.body)
	}
	addressed := map[string]string{}
	for _, o := range orders(t, h.client) {
		addressed[o.Spec.Source.ExternalID] = o.Spec.ShippingAddress.FirstName
	}
	if want := map[string]string{"A-1-a": "First-a", "A-1-b": "First-b"}; !cmp.Equal(addressed, want) {
		t.Error(cmp.Diff(want, addressed))
	}
}

func TestADeliveryThatWasCutOffIsCompletedByItsRepetition(t *testing.T) {
	fail := true
	faults := interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		dry := (&client.CreateOptions{}).ApplyOptions(opts).DryRun
		if order, ok := o.(*v1alpha1.ZMAOrder); ok && fail && len(dry) == 0 && order.Spec.Source.ExternalID == "A-1-b" {
			return errors.New("connection refused")
		}
		return c.Create(ctx, o, opts...)
	}}
	h := newHarness(t, faults, webhookSource("web", mapped), keySecret())
	body := delivery("A-1", recipient("a", 1), recipient("b", 2))
	wantProblem(t, h.deliver(webPath, body), 503, "unavailable")
	fail = false
	r := h.deliver(webPath, body)
	if r.status != 202 || len(orders(t, h.client)) != 2 {
		t.Fatalf("%d %s, %d orders", r.status, r.body, len(orders(t, h.client)))
	}
}

// TestManyRecipientsAreTakenInOneTry needs calls side by side: one after the
// other they would outlast their time, and each repetition would find more to
// compare and get less far.
func TestManyRecipientsAreTakenInOneTry(t *testing.T) {
	meet := make(chan struct{})
	together := interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		select { // until another one is here
		case meet <- struct{}{}:
		case <-meet:
		case <-ctx.Done():
			return ctx.Err()
		}
		return c.Create(ctx, o, opts...)
	}}
	h := newHarness(t, together, webhookSource("web", mapped), keySecret())
	h.server.o.CreateTimeout = 30 * time.Second
	var all []string
	for i := range 50 {
		all = append(all, recipient(fmt.Sprintf("r%d", i), 1))
	}
	if r := h.deliver(webPath, delivery("A-1", all...)); r.status != 202 || len(orders(t, h.client)) != 50 {
		t.Errorf("%d %s, %d orders", r.status, r.body, len(orders(t, h.client)))
	}
}

func TestASenderThatHangsUpDoesNotUndoItsOrder(t *testing.T) {
	entered, gone := make(chan struct{}), make(chan struct{})
	h := newHarness(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		close(entered)
		<-gone
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return c.Create(ctx, o, opts...)
	}}, webhookSource("web", nil), keySecret())
	body := nativeBody("A-1")
	ctx, hangUp := context.WithCancel(t.Context())
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, webPath, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	signedBy(t, signingSecret, begin, body)(req)
	done := make(chan struct{})
	go func() { h.server.Handler().ServeHTTP(httptest.NewRecorder(), req); close(done) }()
	<-entered
	hangUp()
	close(gone)
	<-done
	if n := len(orders(t, h.client)); n != 1 {
		t.Errorf("%d orders", n)
	}
}

// severalOnTheAPIServer shows what only its rules can: nothing is made of a body
// of which a part is refused.
func severalOnTheAPIServer(t *testing.T, h *harness) {
	before := len(orders(t, h.client))
	path := "/webhooks/shop/several"
	r := h.deliver(path, delivery("S-1", recipient("a", 1), recipient("b", 0)))
	wantProblem(t, r, 400, "invalid-order")
	if !strings.Contains(r.body, `"field":"orders[1].items[0].quantity"`) {
		t.Errorf("the order that was refused is not named: %s", r.body)
	}
	if got := len(orders(t, h.client)); got != before {
		t.Fatalf("%d orders were made of a body that was refused", got-before)
	}
	if r := h.deliver(path, delivery("S-1", recipient("b", 1))); r.status != 202 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	r = h.deliver(path, delivery("S-1", recipient("a", 1), recipient("b", 2)))
	wantProblem(t, r, 409, "payload-conflict")
	names := []string{}
	for _, o := range orders(t, h.client) {
		names = append(names, o.Name)
	}
	if slices.Contains(names, v1alpha1.OrderNameFor("several", "S-1-a")) {
		t.Error("an order was made beside one that conflicts")
	}
	if r := h.deliver(path, delivery("S-1", recipient("a", 1), recipient("b", 1))); r.status != 202 {
		t.Errorf("one is there, one is new: %d %s", r.status, r.body)
	}
}
