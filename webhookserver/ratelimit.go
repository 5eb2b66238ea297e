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

// vainRate is how often one client may ask for what nobody serves: unknown paths and
// sources, other methods. No source's limit applies there. Probes and typing errors
// stay far below.
func vainRate() limit.Rate { return limit.Rate{PerMinute: 600, Burst: 200} }

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

// sourceKey tells a source from all others, a former one of its name included.
func sourceKey(s *v1alpha1.WebhookSource) string {
	return string(s.UID) + "/" + s.Namespace + "/" + s.Name
}

// limitBefore authentication takes from the client's share alone: what strangers
// send must not use up the share of the real sender, and they must not learn how
// much of it is left.
func (s *Server) limitBefore(h http.Header, src *v1alpha1.WebhookSource, client string, now time.Time) error {
	r := clientRate(src)
	state := s.clients.Take(sourceKey(src)+"/"+client, r, now)
	advertise(h, "client", r, state)
	if !state.OK {
		return tooMany("client", state.Next)
	}
	return nil
}

// inVain answers a request for what nobody serves with a problem, as long as its
// client does not ask too often.
func (s *Server) inVain(x *exchange, p *problem) error {
	if state := s.vain.Take(clientKey(x.client), vainRate(), x.started); !state.OK {
		return rateLimited("client", vainRate(), state.Next)
	}
	return p
}

// limitAfter authentication takes from the source's share.
func (s *Server) limitAfter(h http.Header, src *v1alpha1.WebhookSource, now time.Time) error {
	r := sourceRate(src)
	state := s.sources.Take(sourceKey(src), r, now)
	advertise(h, "source", r, state)
	if !state.OK {
		return tooMany("source", state.Next)
	}
	return nil
}

func tooMany(name string, after time.Duration) *problem {
	return &problem{status: http.StatusTooManyRequests, slug: "rate-limited", category: categoryLimit, event: eventRateLimited,
		title: "Too many requests", detail: fmt.Sprintf("The limit of this %s is used up.", name), retryAfter: after}
}

// rateLimited is for routes that tell of a client's limit only once it is used up.
func rateLimited(name string, r limit.Rate, after time.Duration) *problem {
	p := tooMany(name, after)
	p.header = http.Header{}
	advertise(p.header, name, r, limit.State{Next: after})
	return p
}
