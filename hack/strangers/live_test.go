package strangers

import (
	"net/http"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestMappingLimitsAndOriginsChangeUnderLoad changes what a source maps, allows
// and admits while senders post: each change is felt within seconds, no request is
// dropped, and no order is made by anything but a mapping that was there.
func TestMappingLimitsAndOriginsChangeUnderLoad(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	p := x.world.party("bearer")
	src := x.world.source("changing", p.auth)
	src.Spec.Mapping = mapping(`"First title"`)
	if err := x.world.makeSource(t.Context(), src, p.secret); err != nil {
		t.Fatal(err)
	}
	served(t, x, src.Name)
	l := &load{target: x, witness: w, source: src.Name, sign: p.sign, make: mappedBody}
	l.answered = func(r reply) {
		if r.status == http.StatusTooManyRequests && (r.header.Get("Retry-After") == "" || r.header.Get("RateLimit-Policy") == "") {
			t.Errorf("limited without saying how: %v", r.header)
		}
	}
	l.start(t, p.secret.signing, http.StatusAccepted, http.StatusTooManyRequests)
	await(t, "the first mapping", func() bool { return l.count(http.StatusAccepted) > 20 })
	x.remap(t, w, src.Name)
	x.relimit(t, l, src.Name)
	x.readmit(t, src.Name)
	if got := l.end(t); got[http.StatusAccepted] < 50 {
		t.Errorf("there was hardly any load: %v", got)
	}
	x.titled(t, w, "First title", "Second title")
}

// remap changes the mapping.
func (x *target) remap(t *testing.T, w *witness, source string) {
	t.Helper()
	p := x.world.party("bearer")
	x.world.change(t, source, func(s *v1alpha1.WebhookSource) { s.Spec.Mapping = mapping(`"Second title"`) })
	await(t, "the new mapping", func() bool {
		r := x.post(t, x.world.path(source), p.sign(p.secret.signing, message{}), mappedBody(newID()))
		w.expect(r)
		return r.status == http.StatusAccepted && x.title(t, r.orders[0]) == "Second title"
	})
}

// relimit makes the limits tight and wide again.
func (x *target) relimit(t *testing.T, l *load, source string) {
	t.Helper()
	x.world.change(t, source, func(s *v1alpha1.WebhookSource) {
		s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 60, Burst: 1, PerClientPerMinute: 600000}
	})
	await(t, "the tight limit", func() bool { return l.count(http.StatusTooManyRequests) > 20 })
	x.world.change(t, source, func(s *v1alpha1.WebhookSource) { s.Spec.RateLimit = unlimited() })
	before := l.count(http.StatusAccepted)
	await(t, "the wide limit", func() bool { return l.count(http.StatusAccepted) > before+40 })
	limited := l.count(http.StatusTooManyRequests)
	before = l.count(http.StatusAccepted)
	await(t, "the wide limit, still", func() bool { return l.count(http.StatusAccepted) > before+40 })
	if now := l.count(http.StatusTooManyRequests); now != limited {
		t.Errorf("%d were limited after the limit was wide", now-limited)
	}
}

// readmit lets the pages of an origin in, and shuts them out again.
func (x *target) readmit(t *testing.T, source string) {
	t.Helper()
	const origin = "https://shop.example"
	preflight := func(origin string) reply {
		h := http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"authorization,content-type"}}
		r, err := ask(t.Context(), x.client(), http.MethodOptions, x.base()+x.world.path(source), h, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := preflight(origin); r.status != http.StatusMethodNotAllowed {
		t.Errorf("before any page is let in: %v", r)
	}
	x.world.change(t, source, func(s *v1alpha1.WebhookSource) { s.Spec.CORS = &v1alpha1.CORS{AllowedOrigins: []string{origin}} })
	await(t, "the pages of an origin", func() bool {
		r := preflight(origin)
		return r.status == http.StatusNoContent && r.header.Get("Access-Control-Allow-Origin") == origin && r.header.Get("Access-Control-Allow-Credentials") == ""
	})
	for _, stranger := range []string{"https://evil.example", "https://shop.example.evil.example", "http://shop.example", "https://shop.example:8443", "null", "https://SHOP.example", "https://evil.shop.example", ""} {
		r := preflight(stranger)
		if allowed := r.header.Get("Access-Control-Allow-Origin"); allowed != "" && !strings.EqualFold(stranger, origin) || allowed == "*" {
			t.Errorf("a page of %q is let in: %v %v", stranger, r, r.header)
		}
	}
	x.world.change(t, source, func(s *v1alpha1.WebhookSource) { s.Spec.CORS = nil })
	await(t, "no page", func() bool { return preflight(origin).status == http.StatusMethodNotAllowed })
}

func (x *target) title(t *testing.T, order string) string {
	t.Helper()
	o, err := x.world.order(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	return o.Spec.Items[0].Title
}

// titled checks that each order has one of the titles, and that each was used.
func (x *target) titled(t *testing.T, w *witness, titles ...string) {
	t.Helper()
	seen := map[string]int{}
	for name := range w.wanted {
		seen[x.title(t, name)]++
	}
	t.Logf("orders by title: %v", seen)
	for _, title := range titles {
		if seen[title] == 0 {
			t.Errorf("no order has the title %q", title)
		}
		delete(seen, title)
	}
	if len(seen) > 0 {
		t.Errorf("orders have other titles: %v", seen)
	}
}
