package smtpsink

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// listed is a mail in the list for other processes.
type listed struct {
	From string    `json:"from"`
	To   []string  `json:"to"`
	TLS  bool      `json:"tls"`
	At   time.Time `json:"at"`
	Data string    `json:"data"`
}

// serveList answers GET /messages with every mail kept so far, oldest first.
func (s *Server) serveList() error {
	listener, err := net.Listen("tcp", s.options.HTTPAddr)
	if err != nil {
		return fmt.Errorf("listen for the list of mails: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /messages", s.list)
	s.http, s.listURL = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}, "http://"+listener.Addr().String()+"/messages"
	go func() { _ = s.http.Serve(listener) }() // ends with Stop
	return nil
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	all := []listed{} // an empty list is [], not null
	for _, m := range s.Messages() {
		all = append(all, listed{From: m.From, To: m.To, TLS: m.TLS, At: m.At, Data: string(m.Data)})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // a reader that has gone misses nothing
}

// ListURL lists the mails as JSON; empty without Options.HTTPAddr.
func (s *Server) ListURL() string { return s.listURL }

func (s *Server) stopList() error {
	if s.http == nil {
		return nil
	}
	if err := s.http.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
