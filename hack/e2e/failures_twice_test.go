package e2e

import (
	"encoding/json"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// keyInTheBody looks at what goes over the wire, in both versions of the API.
func keyInTheBody(s *scene) {
	v2 := newWire(s.t, s.sim.V2URL())
	account := s.account()
	account.ObjectMeta = metav1.ObjectMeta{Namespace: s.namespace, Name: "second"}
	account.Spec.BaseURL, account.Spec.APIVersion, account.Spec.ProviderAccountID, account.Spec.Callback = v2.server.URL, "v2", "acct-second", nil
	s.must(s.client.Create(s.t.Context(), account))
	for name, w := range map[string]*wire{shop.AccountName: s.wire, "second": v2} {
		s.manual("n01-"+name, func(spec *v1alpha1.ZMAOrderSpec) { spec.AccountRef.Name = name })
		o := s.waitFor("n01-"+name, "Ready", isReady)
		s.expectCalls(s.manualIdentity("n01-"+name), 1, 1, 1)
		s.keyOnlyInTheBody(w, o.Status.Submission.IdempotencyKey)
	}
}

func (s *scene) keyOnlyInTheBody(w *wire, key string) {
	s.t.Helper()
	posts := w.posts()
	if len(posts) != 1 {
		s.t.Fatalf("%d paid calls went over the wire, want 1", len(posts))
	}
	var body struct {
		Key string `json:"idempotency_key"`
	}
	s.must(json.Unmarshal(posts[0].body, &body))
	if len(key) != 36 || body.Key != key {
		s.t.Errorf("the body has key %q, the status %q", body.Key, key)
	}
	for name, values := range posts[0].header {
		if strings.Contains(strings.ToLower(name), "idempot") || strings.Contains(strings.Join(values, " "), key) {
			s.t.Errorf("the key, or a sign of one, travels in header %s", name)
		}
	}
	if strings.Contains(posts[0].query, key) {
		s.t.Error("the key travels in the query")
	}
}

// repeatIsTheSame drops the answers of two calls of an order that the list does
// not show, so that only repeating can find out. The repeats come seconds later.
func repeatIsTheSame(s *scene) {
	s.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Kind: zmasim.DropAfter, Times: 2})
	s.sim.AddFault(zmasim.Fault{Method: "GET", PathPrefix: "/v1/orders", Kind: zmasim.ListingLag, Delay: time.Hour})
	o := s.waitFor(s.buy("n02", zmasim.ProductOK), "Ready", isReady)
	s.expectCalls(s.identity("n02"), 3, 1, 1)
	bodies, calls := s.wire.sentFor(s.t, s.identity("n02"))
	s.check(identical(bodies))
	if o.Status.Submission.Attempt != 1 || calls[0].Key != o.Status.Submission.IdempotencyKey {
		s.t.Errorf("attempt %d with key %s, the first call had %s", o.Status.Submission.Attempt, o.Status.Submission.IdempotencyKey, calls[0].Key)
	}
}
