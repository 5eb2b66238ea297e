package webhookserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// corsRules keeps what browsers may do at each source, in the generation that
// was asked for last.
type corsRules struct{ entries *lru.Cache }

type corsEntry struct {
	generation int64
	rules      *cors.Cors
}

func newCORSRules(max int) corsRules { return corsRules{entries: lru.New(max)} }

// of are the rules of a source; nil for one that no browser may use. One without
// a UID, which is not from the API server, is not kept.
func (c corsRules) of(src *v1alpha1.WebhookSource) *cors.Cors {
	if src.Spec.CORS == nil {
		return nil
	}
	if found, ok := c.entries.Get(src.UID); ok && found.(corsEntry).generation == src.Generation {
		return found.(corsEntry).rules
	}
	rules := newCORS(src.Spec)
	if src.UID != types.UID("") {
		c.entries.Add(src.UID, corsEntry{src.Generation, rules})
	}
	return rules
}

// newCORS allows the listed origins to post with the headers that a sender
// needs: without credentials, which no scheme uses, and without wildcards.
func newCORS(spec v1alpha1.WebhookSourceSpec) *cors.Cors {
	allowed := make([]string, 0, len(spec.CORS.AllowedOrigins))
	for _, origin := range spec.CORS.AllowedOrigins {
		allowed = append(allowed, strings.ToLower(origin)) // as browsers send it
	}
	return cors.New(cors.Options{
		AllowOriginFunc: func(origin string) bool { return slices.Contains(allowed, origin) },
		AllowedMethods:  []string{http.MethodPost},
		AllowedHeaders:  append([]string{"Content-Type", requestIDHeader}, schemeHeaders(spec.Auth)...),
		ExposedHeaders:  []string{requestIDHeader, "Retry-After", "RateLimit", "RateLimit-Policy"},
		MaxAge:          maxAge(spec.CORS),
	})
}

// maxAge is the library's: with 0 it would leave the browser's default.
func maxAge(c *v1alpha1.CORS) int {
	switch {
	case c.MaxAgeSeconds == nil:
		return 600
	case *c.MaxAgeSeconds <= 0:
		return -1
	}
	return int(*c.MaxAgeSeconds)
}

// schemeHeaders are the headers that authenticate a sender.
func schemeHeaders(auth v1alpha1.WebhookAuth) []string {
	switch auth.Scheme {
	case v1alpha1.AuthStandardWebhooks:
		return []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Svix-Id", "Svix-Timestamp", "Svix-Signature"}
	case v1alpha1.AuthStripe:
		return []string{"Stripe-Signature"}
	case v1alpha1.AuthBearer:
		return []string{"Authorization"}
	case v1alpha1.AuthHMAC:
		if auth.HMAC == nil {
			return nil
		}
		return slices.DeleteFunc([]string{auth.HMAC.Header, auth.HMAC.TimestampHeader}, func(h string) bool { return h == "" })
	}
	return nil
}

// admitOrigin refuses a browser on a page that the source does not know, and lets
// one that it knows read whatever the answer is. Senders that are no browsers send
// no origin.
func (s *Server) admitOrigin(x *exchange, src *v1alpha1.WebhookSource) error {
	rules := s.cors.of(src)
	if rules == nil {
		return nil
	}
	if origins := x.r.Header["Origin"]; len(origins) > 1 || len(origins) == 1 && !rules.OriginAllowed(x.r) {
		x.w.Header().Add("Vary", "Origin")
		return originRefused()
	}
	if x.r.Method == http.MethodPost {
		rules.HandlerFunc(headersOnly{x.w}, x.r)
	}
	return nil
}

// outcomePreflight is that of a browser that may ask.
const outcomePreflight = "preflight"

// preflight answers a browser that asks whether it may post.
func (s *Server) preflight(x *exchange) (*answer, error) {
	src, err := s.findSource(x)
	if err != nil {
		return nil, err
	}
	refused := s.admitPreflight(x, src)
	h := x.w.Header()
	if err := s.limitBefore(h, src, clientKey(x.client), x.started); err != nil {
		return nil, err
	}
	// What follows is for the browser alone; the page does not get to see it.
	h.Del("RateLimit")
	h.Del("RateLimit-Policy")
	if refused != nil {
		return nil, refused
	}
	s.grant(x, src)
	return &answer{status: http.StatusNoContent, outcome: outcomePreflight}, nil
}

// admitPreflight refuses a browser that asks in vain.
func (s *Server) admitPreflight(x *exchange, src *v1alpha1.WebhookSource) error {
	if src.Spec.CORS == nil || x.r.Header.Get("Access-Control-Request-Method") != http.MethodPost {
		return methodNotAllowed()
	}
	return s.admitOrigin(x, src)
}

// grant tells a browser what the page may do. The library grants all headers
// that were asked for or nothing, which looks as if the origin were refused; so
// without them in the second case, and the browser names the one that is too much.
func (s *Server) grant(x *exchange, src *v1alpha1.WebhookSource) {
	h, rules := x.w.Header(), s.cors.of(src)
	rules.HandlerFunc(headersOnly{x.w}, x.r)
	if h.Get("Access-Control-Allow-Origin") != "" {
		return
	}
	h.Del("Vary")
	bare := x.r.Clone(x.r.Context())
	bare.Header.Del("Access-Control-Request-Headers")
	rules.HandlerFunc(headersOnly{x.w}, bare)
}

// headersOnly lets the library set headers; the answer is written elsewhere.
type headersOnly struct{ http.ResponseWriter }

func (headersOnly) WriteHeader(int) {}

func originRefused() *problem {
	return &problem{status: http.StatusForbidden, slug: "origin-refused", category: categoryClient, event: eventOriginRefused,
		title: "Origin refused", detail: "Pages of this origin may not post here."}
}
