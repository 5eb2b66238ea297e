package webhookserver

import (
	"net/http"
	"path"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// Routes, as they appear in metrics and logs.
const (
	routeWebhook  = "webhooks"
	routeCallback = "callbacks"
	routeOther    = "other"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle(source.PathPrefix+"{namespace}/{path...}", s.serve(routeWebhook, s.webhook))
	mux.Handle(callback.PathPrefix+"{namespace}/{account}/{order}", s.serve(routeCallback, s.callback))
	nothing := s.serve(routeOther, func(*exchange) (*answer, error) { return nil, notFound() })
	mux.Handle("/", nothing)
	mux.Handle(source.PathPrefix+"{namespace}", nothing) // else redirected to the route above
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would redirect these, and a sender takes that for a failure
		// without learning why.
		if _, pattern := mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			nothing.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
