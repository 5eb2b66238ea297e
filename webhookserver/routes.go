package webhookserver

import (
	"net/http"
	"path"
	"strings"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/webhookserver/openapi"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// Routes, as they appear in metrics and logs.
const (
	routeWebhook    = "webhooks"
	routeCallback   = "callbacks"
	routeCallbackV2 = "callbacks-v2"
	routeOther      = "other"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET "+openapi.DocumentPath, openapi.Handler())
	mux.Handle("GET "+openapi.SchemaPath, openapi.Handler())
	mux.Handle(source.PathPrefix+"{namespace}/{path...}", s.serve(routeWebhook, s.webhook))
	mux.Handle(callback.PathPrefix+"{namespace}/{account}/{order}", s.serve(routeCallback, s.callback))
	mux.Handle(callbackV2Prefix+"{namespace}/{account}", s.serve(routeCallbackV2, s.callbackV2))
	nothing := s.serve(routeOther, func(x *exchange) (*answer, error) { return nil, s.inVain(x, notFound()) })
	mux.Handle("/", nothing)
	mux.Handle(source.PathPrefix+"{namespace}", nothing) // else redirected to the route above
	crowded := s.serve(routeOther, func(x *exchange) (*answer, error) { return nil, s.inVain(x, tooManyHeaders()) })
	return s.transferred(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch _, pattern := mux.Handler(r); {
		case headerFields(r.Header) > maxHeaderFields:
			crowded.ServeHTTP(w, r)
		case pattern == "" || !plain(r):
			nothing.ServeHTTP(w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
}

// plain tells whether a target is written as we hand it out. The mux would
// redirect some others, which a sender takes for a failure without learning why,
// and take some for what they are not: whatever stands in front of us may read
// an encoded slash, a dot or a whole URL in another way.
func plain(r *http.Request) bool {
	return strings.HasPrefix(r.RequestURI, "/") && r.URL.EscapedPath() == r.URL.Path && path.Clean(r.URL.Path) == r.URL.Path
}
