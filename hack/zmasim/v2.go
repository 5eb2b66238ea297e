package zmasim

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// v2Side is what a server has for version 2 of the API. Orders, keys, purchases,
// faults, balance and clock are those of version 1.
type v2Side struct {
	listener      net.Listener
	http          *http.Server
	webhookURL    string
	webhookSecret string
}

// V2URL is the base of version 2, which has no version in its path; empty without
// Options.V2.
func (s *Server) V2URL() string {
	if s.v2.listener == nil {
		return ""
	}
	return "http://" + s.v2.listener.Addr().String()
}

// listenV2 serves version 2 when it is wanted.
func (s *Server) listenV2(ctx context.Context) error {
	if !s.opts.V2 {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.opts.V2Addr)
	if err != nil {
		return err
	}
	s.v2.listener = listener
	s.v2.http = &http.Server{
		Handler:           s.routesV2(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	s.workers.Go(func() {
		if err := s.v2.http.Serve(listener); s.ctx.Err() == nil && !errors.Is(err, http.ErrServerClosed) {
			s.opts.Logf("serving version 2 ended: %v", err)
		}
	})
	return nil
}

func (s *Server) closeV2() error {
	if s.v2.http == nil {
		return nil
	}
	return s.v2.http.Close()
}

func (s *Server) routesV2() http.Handler {
	mux := http.NewServeMux()
	d := s.dialectV2()
	for pattern, h := range map[string]handler{
		"POST /orders":             s.createOrderV2,
		"GET /orders":              s.listOrdersV2,
		"GET /orders/{id}":         s.getOrderV2,
		"POST /orders/{id}/cancel": s.cancelOrderV2,
		"GET /wallet/me":           s.getWallet,
		"/":                        notSimulated,
	} {
		mux.Handle(pattern, s.serveCalls(d, h))
	}
	return mux
}

func (s *Server) dialectV2() dialect {
	return dialect{
		head:       readHeadV2,
		authorised: s.bearer,
		badToken: func() answer {
			return s.errorV2(http.StatusUnauthorized, "invalid_token", "The token is not valid.", nil)
		},
		unknownID: s.notFoundV2,
	}
}

func (s *Server) bearer(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.Token)) == 1
}

func (s *Server) notFoundV2() answer {
	return s.errorV2(http.StatusNotFound, "not_found", "There is no such order.", nil)
}

// errorV2 is version 2's error, in one of the two forms that it has been seen in.
func (s *Server) errorV2(status int, code, message string, details map[string]any) answer {
	if details == nil {
		details = map[string]any{}
	}
	body := map[string]any{"code": code, "message": message, "details": details}
	if s.opts.Switches.V2FlatErrors {
		return jsonAnswer(status, body)
	}
	return jsonAnswer(status, map[string]any{"error": body})
}
