package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// theSignedBodyAlone sends an order of fifty lines with everything beside the body
// contradicting it, and bodies that were changed or spell fields in other ways.
func theSignedBodyAlone(s *scene) {
	order := longOrder()
	sender := *s.sender
	sender.URL += "?externalID=other&quantity=9&postalCode=00000"
	sender.HTTP = &http.Client{Transport: metadata{"X-Metadata": `{"items":[]}`, "X-Postal-Code": "00000", "X-Quantity": "9"}}
	answer, err := sender.Send(s.t.Context(), "msg-n17", order.JSON())
	s.must(err)
	o := s.waitFor(answer.Order(), "Ready", isReady)
	if len(o.Spec.Items) != len(order.Items) || o.Spec.Items[49].Title != order.Items[49].Title || o.Spec.Source.ExternalID != "n17" {
		s.t.Errorf("the order has %d items of %d, or other ones", len(o.Spec.Items), len(order.Items))
	}
	_, calls := s.wire.sentFor(s.t, s.identity("n17"))
	var bought []shop.Item
	for _, p := range calls[0].Products {
		bought = append(bought, shop.Item{ProductID: p.ID, Quantity: int(p.Quantity)})
	}
	if diff := cmp.Diff(order.Items, bought, cmp.Comparer(func(a, b shop.Item) bool { return a.ProductID == b.ProductID && a.Quantity == b.Quantity })); diff != "" {
		s.t.Errorf("other products were bought than were signed (-signed +bought):\n%s", diff)
	}
	if zip := calls[0].Address["zip_code"]; zip != order.ShippingAddress.PostalCode {
		s.t.Errorf("the provider got the postal code %q, want %q", zip, order.ShippingAddress.PostalCode)
	}
	s.changedBodyIsRefused()
	s.otherSpellingsAreRefused()
}

// longOrder has as many lines as an order may have, with titles as long as they
// may be.
func longOrder() *shop.Order {
	var items []shop.Item
	for i := range 50 {
		it := item(fmt.Sprintf("B0LINE%04d", i))
		it.Quantity, it.Title = i%3+1, strings.Repeat("t", 298)+fmt.Sprintf("%02d", i)
		items = append(items, it)
	}
	return shop.NewOrder("n17", items...)
}

// metadata adds headers to requests.
type metadata map[string]string

func (m metadata) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range m {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (s *scene) changedBodyIsRefused() {
	s.t.Helper()
	now, body := time.Now(), shop.NewOrder("n17-changed", item(zmasim.ProductOK)).JSON()
	signature, err := s.sender.Sign("msg-changed", now, body)
	s.must(err)
	changed := bytes.Replace(body, []byte(`"quantity":1`), []byte(`"quantity":9`), 1)
	answer, err := s.sender.SendSigned(s.t.Context(), "msg-changed", now, signature, changed)
	s.must(err)
	if answer.Status != http.StatusUnauthorized || bytes.Equal(body, changed) {
		s.t.Errorf("a changed body is answered %d, want 401", answer.Status)
	}
}

// otherSpellingsAreRefused sends fields that a lenient reader would drop, or take
// for products.
func (s *scene) otherSpellingsAreRefused() {
	s.t.Helper()
	line := map[string]any{"title": "Shipping", "price": 599}
	for field, change := range map[string]func(order, address map[string]any){
		"shippingAddress.zip":         func(_, a map[string]any) { a["zip"] = a["postalCode"] },
		"shippingAddress.zipCode":     func(_, a map[string]any) { a["zipCode"] = a["postalCode"] },
		"shippingAddress.postal_code": func(_, a map[string]any) { a["postal_code"] = a["postalCode"] },
		"shippingAddress.postalcode":  func(_, a map[string]any) { a["postalcode"] = a["postalCode"]; delete(a, "postalCode") },
		"shipping_lines":              func(o, _ map[string]any) { o["shipping_lines"] = []any{line} },
		"tax_lines":                   func(o, _ map[string]any) { o["tax_lines"] = []any{line} },
		"metadata":                    func(o, _ map[string]any) { o["metadata"] = map[string]any{"order": "{"} },
		"items[1].price":              func(o, _ map[string]any) { o["items"] = append(o["items"].([]any), line) },
	} {
		var body map[string]any
		s.must(json.Unmarshal(shop.NewOrder("n17-spelled", item(zmasim.ProductOK)).JSON(), &body))
		change(body, body["shippingAddress"].(map[string]any))
		raw, err := json.Marshal(body)
		s.must(err)
		answer, err := s.sender.Send(s.t.Context(), "msg-"+field, raw)
		s.must(err)
		if answer.Status != http.StatusBadRequest || !strings.Contains(string(answer.Body), `"`+field+`"`) {
			s.t.Errorf("a body with %s is answered %d %s, want 400 that names it", field, answer.Status, answer.Body)
		}
	}
	if n := s.stored("n17-spelled") + s.stored("n17-changed"); n != 0 {
		s.t.Errorf("%d orders were made of refused bodies", n)
	}
}

// stored counts the orders with an external ID.
func (s *scene) stored(externalID string) int {
	s.t.Helper()
	var orders v1alpha1.ZMAOrderList
	s.must(s.client.List(s.t.Context(), &orders, client.InNamespace(s.namespace)))
	n := 0
	for i := range orders.Items {
		if src := orders.Items[i].Spec.Source; src != nil && src.ExternalID == externalID {
			n++
		}
	}
	return n
}

// answersAreHonest delivers orders that are held, and orders whose storing fails.
func answersAreHonest(s *scene) {
	wrong := shop.NewOrder("n18-address", item(zmasim.ProductOK))
	wrong.ShippingAddress.State = "ZZ"
	s.heldAndTaken(wrong, v1alpha1.ReasonAwaitingAddress)
	s.storingFails(proxy.Before, 0)
	s.storingFails(proxy.After, 1)
	s.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Suspend = true })
	s.heldAndTaken(shop.NewOrder("n18-held", item(zmasim.ProductOK)), v1alpha1.ReasonSuspended)
}

// heldAndTaken delivers an order that can't go on now. Its sender has done all it
// can: it is told so, the first time and again.
func (s *scene) heldAndTaken(order *shop.Order, reason string) {
	s.t.Helper()
	name := s.send(order) // 202, or the test ends
	if s.stored(order.ExternalID) != 1 {
		s.t.Errorf("%s was acknowledged and is not stored", order.ExternalID)
	}
	s.waitForReason(name, reason)
	again, err := s.sender.Send(s.t.Context(), "msg-again", order.JSON())
	s.must(err)
	if again.Status != http.StatusOK || again.Order() != name {
		s.t.Errorf("the delivery of an order that is %s is answered %d %s, want 200", reason, again.Status, again.Body)
	}
}

// storingFails cuts the connection to the API server on one side of the creation
// of an order. The sender must not be told that it was taken, and a repeat ends
// well.
func (s *scene) storingFails(side proxy.Phase, stored int) {
	s.t.Helper()
	order := shop.NewOrder("n18-"+string(side), item(zmasim.ProductOK))
	hit := s.house.creations.Arm(proxy.Point{Effect: creationIn(s.namespace), Phase: side}, func() {})
	answer, err := s.sender.Send(s.t.Context(), "msg-1", order.JSON())
	s.must(err)
	s.sprung(hit)
	if answer.Status != http.StatusServiceUnavailable {
		s.t.Errorf("%s the creation: an order that may not be stored is answered %d %s, want 503", side, answer.Status, answer.Body)
	}
	if n := s.stored(order.ExternalID); n != stored {
		s.t.Errorf("%s the creation: %d orders are stored, want %d", side, n, stored)
	}
	again, err := s.sender.Send(s.t.Context(), "msg-2", order.JSON())
	s.must(err)
	if again.Status/100 != 2 || s.stored(order.ExternalID) != 1 {
		s.t.Fatalf("%s the creation: the repeat is answered %d, and %d orders are stored", side, again.Status, s.stored(order.ExternalID))
	}
	s.waitFor(again.Order(), "Ready", isReady)
	s.check(s.boughtOnce(order.ExternalID))
}
