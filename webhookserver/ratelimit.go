package webhookserver

import (
	"fmt"
	"net/http"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/limit"
)

// Defaults of a source's rateLimit, for sources made before their fields.
const (
	defaultPerMinute = 6000
	defaultBurst     = 200
)

// badTokenRate is how often one client may be wrong about callback tokens. The
// provider sends many callbacks from few addresses, some for keys long removed,
// so it is generous: tokens can't be guessed at any rate.
func badTokenRate() limit.Rate { return limit.Rate{PerMinute: 300, Burst: 100} }

func sourceRate(s *v1alpha1.WebhookSource) limit.Rate {
	return limit.Rate{PerMinute: orDefault(s.Spec.RateLimit.PerMinute, defaultPerMinute),
		Burst: orDefault(s.Spec.RateLimit.Burst, defaultBurst)}
}

// clientRate has the source's burst, but never more at once than in a minute.
func clientRate(s *v1alpha1.WebhookSource) limit.Rate {
	perMinute := orDefault(s.Spec.RateLimit.PerClientPerMinute, defaultPerMinute)
	return limit.Rate{PerMinute: perMinute, Burst: min(sourceRate(s).Burst, perMinute)}
}

func orDefault(v, def int32) int32 {
	if v <= 0 {
		return def
	}
	return v
}

// limitBefore authentication takes from the client's share and only looks at the
// source's: what strangers send must not use up the share of the real sender.
func (s *Server) limitBefore(src *v1alpha1.WebhookSource, client string, now time.Time) error {
	key := string(src.UID) + "/" + src.Namespace + "/" + src.Name
	if ok, after := s.clients.Take(key+"/"+client, clientRate(src), now); !ok {
		return rateLimited("client", clientRate(src), after)
	}
	if ok, after := s.sources.Has(key, sourceRate(src), now); !ok {
		return rateLimited("source", sourceRate(src), after)
	}
	return nil
}

// limitAfter authentication takes from the source's share.
func (s *Server) limitAfter(src *v1alpha1.WebhookSource, now time.Time) error {
	key := string(src.UID) + "/" + src.Namespace + "/" + src.Name
	if ok, after := s.sources.Take(key, sourceRate(src), now); !ok {
		return rateLimited("source", sourceRate(src), after)
	}
	return nil
}

// rateLimited answers with the header fields of draft-ietf-httpapi-ratelimit-headers.
func rateLimited(name string, r limit.Rate, after time.Duration) *problem {
	return &problem{status: http.StatusTooManyRequests, slug: "rate-limited", category: categoryLimit,
		title: "Too many requests", detail: fmt.Sprintf("The limit of this %s is used up.", name), retryAfter: after,
		header: http.Header{
			"Ratelimit-Policy": {fmt.Sprintf(`"%s";q=%d;w=60`, name, r.PerMinute)},
			"Ratelimit":        {fmt.Sprintf(`"%s";r=0;t=%s`, name, seconds(after))},
		}}
}
