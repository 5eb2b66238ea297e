package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// buy sends an order for one product.
func (s *scene) buy(id, product string) string {
	s.t.Helper()
	return s.send(shop.NewOrder(id, item(product)))
}

// manual makes an order with kubectl's means, changed as wanted.
func (s *scene) manual(name string, change func(*v1alpha1.ZMAOrderSpec)) string {
	s.t.Helper()
	cents := zmasim.PriceOf(zmasim.ProductOK)
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}, Spec: v1alpha1.ZMAOrderSpec{
		AccountRef: v1alpha1.LocalReference{Name: shop.AccountName},
		Items:      []v1alpha1.OrderItem{{ProductID: zmasim.ProductOK, Quantity: 1, UnitPriceCents: &cents}},
		ShippingAddress: v1alpha1.Address{
			FirstName: "Ada", LastName: "Sample", Line1: "1120 SW Fifth Avenue", City: "Portland",
			State: "OR", PostalCode: "97204", Country: "US", Phone: "+15032234567",
		},
		Customer: v1alpha1.Customer{ID: "by-hand-" + name}, Total: v1alpha1.Money{Currency: "USD", AmountCents: cents},
	}}
	change(&o.Spec)
	s.must(s.client.Create(s.t.Context(), o))
	return name
}

// manualIdentity of an order that was made by hand.
func (s *scene) manualIdentity(name string) string { return s.namespace + "/manual/" + name }

// paidCalls are the paid calls for an identity as the provider got them, answered
// or not.
func (s *scene) paidCalls(identity string) []zmasim.Request {
	var out []zmasim.Request
	for _, r := range s.sim.Record().Requests {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/orders") && r.Identity == identity {
			out = append(out, r)
		}
	}
	return out
}

// expectCalls checks how often the provider was asked for an order, under how
// many keys, and how often it was bought.
func (s *scene) expectCalls(identity string, calls, keys, bought int) {
	s.t.Helper()
	record := s.sim.Record()
	if c, k, b := len(s.paidCalls(identity)), len(record.KeysOf(identity)), len(record.PurchasesOf(identity)); c != calls || k != keys || b != bought {
		s.t.Errorf("%s: %d paid calls under %d keys bought %d times, want %d, %d and %d", identity, c, k, b, calls, keys, bought)
	}
}

// readingsOf counts how often the provider was asked about a request.
func (s *scene) readingsOf(requestID string) int {
	n := 0
	for _, r := range s.sim.Record().Requests {
		if r.Method == http.MethodGet && r.Path == "/v1/orders/"+requestID {
			n++
		}
	}
	return n
}

// readAgain waits until a request has been read so many times more.
func (s *scene) readAgain(requestID string, times int) {
	s.t.Helper()
	before := s.readingsOf(requestID)
	if !eventually(func() bool { return s.readingsOf(requestID) >= before+times }) {
		s.t.Fatalf("request %s is not read any more", requestID)
	}
}

// callbackURLs that were handed out for an attempt.
func (s *scene) callbackURLs(identity string, attempt int64) map[string]string {
	s.t.Helper()
	var urls map[string]string
	if !eventually(func() bool {
		_, calls := s.wire.sentFor(s.t, identity)
		for _, c := range calls {
			if c.Notes.Attempt == attempt {
				urls = c.Webhooks
			}
		}
		return len(urls) > 0
	}) {
		s.t.Fatalf("no callback URL was handed out for attempt %d of %s", attempt, identity)
	}
	return urls
}

// callBack delivers a callback, and returns the status of its answer; 0 when there
// is none.
func (s *scene) callBack(client *http.Client, target, user, password, body string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	answer, err := client.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	s.check(answer.Body.Close())
	return answer.StatusCode
}

// genuine delivers a callback as the provider would.
func (s *scene) genuine(raw, body string) int {
	s.t.Helper()
	target, user, password := takeApart(raw)
	return s.callBack(http.DefaultClient, target, user, password, body)
}

// takeApart separates a callback URL from its secrets.
func takeApart(raw string) (target, user, password string) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", "", ""
	}
	user = u.User.Username()
	password, _ = u.User.Password()
	u.User = nil
	return u.String(), user, password
}

// stranger calls from an address of its own: the endpoint slows down whoever is
// often wrong, which must not hit the provider of another scene.
func stranger() *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 77)}, Timeout: 10 * time.Second}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
}

// stays checks that an order still has a reason.
func (s *scene) stays(name, reason, because string) {
	s.t.Helper()
	o, err := s.order(name)
	s.must(err)
	if got := readyReason(o); got != reason {
		s.t.Errorf("%s: the order went from %s to %s", because, reason, got)
	}
}

// went tells whether an order ever had a reason.
func went(o *v1alpha1.ZMAOrder, reason string) bool {
	for _, h := range o.Status.History {
		if h.Reason == reason {
			return true
		}
	}
	return false
}

// identical tells whether all bodies are the same, to the byte.
func identical(bodies [][]byte) error {
	for i, b := range bodies {
		if !bytes.Equal(b, bodies[0]) {
			return fmt.Errorf("call %d has another body than the first", i+1)
		}
	}
	return nil
}
