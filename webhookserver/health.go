package webhookserver

import (
	"errors"
	"io"
	"net/http"
)

// ReadyCheck is nil while the server should get traffic: started, caches
// complete, not draining. Dependencies do not count: a sender is better served
// by a 503 with Retry-After than by a service without endpoints.
func (s *Server) ReadyCheck(*http.Request) error {
	switch {
	case !s.started.Load():
		return errors.New("not started")
	case !s.o.Synced():
		return errors.New("caches are not complete")
	case s.draining.Load():
		return errors.New("draining")
	}
	return nil
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeText(w, http.StatusOK, "ok\n")
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.ReadyCheck(r); err != nil {
		writeText(w, http.StatusServiceUnavailable, err.Error()+"\n")
		return
	}
	writeText(w, http.StatusOK, "ok\n")
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the probe has gone; nobody is left to tell
}
