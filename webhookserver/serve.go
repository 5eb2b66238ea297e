package webhookserver

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// serve runs a step and answers, counts, logs and records what came of it.
func (s *Server) serve(route string, next step) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := s.begin(w, r, route)
		a, err := s.guarded(x, next)
		var status int
		var outcome, category string
		if err != nil {
			p := asProblem(err)
			status, outcome, category = p.status, p.slug, p.category
			x.event = cmp.Or(p.event, x.event)
			p.write(w, x.requestID)
		} else {
			status, outcome, category = a.status, a.outcome, categoryOK
			writeJSON(w, a.status, "application/json", a.body)
		}
		s.record(x, status, outcome, category, err)
	})
}

// guarded checks what all requests need, and survives a defect in a step. It
// takes no slot: steps do, once their request is complete.
func (s *Server) guarded(x *exchange, next step) (a *answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			// The value may quote the request; its type and the stack do not.
			a, err = nil, internalError(fmt.Errorf("panic of type %T at %s", v, debug.Stack()))
		}
	}()
	switch {
	case x.route == routeWebhook && x.r.Method == http.MethodOptions:
		next = s.preflight
	case x.route != routeOther && x.r.Method != http.MethodPost:
		return nil, s.inVain(x, methodNotAllowed())
	}
	if !s.o.Synced() {
		// An incomplete cache would call sources and accounts unknown.
		return nil, unavailable(briefPause, errors.New("caches are not complete"))
	}
	return next(x)
}

func asProblem(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	return internalError(err)
}

func (s *Server) record(x *exchange, status int, outcome, category string, err error) {
	took := s.o.Now().Sub(x.started)
	label := ""
	if x.source != "" {
		label = x.namespace + "/" + x.source
	}
	s.o.Metrics.WebhookRequests.WithLabelValues(x.route, label, outcome).Inc()
	if x.event != "" {
		s.o.Metrics.SecurityEvents.WithLabelValues(x.event, label).Inc()
	}
	s.o.Metrics.WebhookDuration.WithLabelValues(x.route).Observe(took.Seconds())
	d := ledger.Delivery{
		At: x.started, RequestID: x.requestID, Namespace: x.namespace, Source: x.source,
		Route: x.route, Method: knownMethod(x.r.Method), Outcome: outcome, Category: category, Status: status,
		Duration: took, ClientHash: s.mask.Hash(clientKey(x.client)), OrderName: x.order,
		ExternalIDHash: hashExternalID(x.externalID), WebhookID: x.webhookID,
		BodyBytes: x.bodyBytes, Hint: x.hint, SecurityEvent: x.event,
	}
	s.logRequest(d, time.Duration(x.storing.Load()), err)
	if s.o.Deliveries != nil {
		s.o.Deliveries.Record(d)
	}
}

// knownMethod keeps what HTTP defines: any other word is the sender's own.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "other"
}

// logRequest writes the request's one line. The cause is ours; a problem's
// detail and fields are the sender's and stay out. storing is the API server's part of
// the duration.
func (s *Server) logRequest(d ledger.Delivery, storing time.Duration, err error) {
	values := []any{
		"requestID", d.RequestID, "route", d.Route, "method", d.Method, "status", d.Status,
		"outcome", d.Outcome, "category", d.Category, "duration", d.Duration.String(),
		"client", d.ClientHash, "bodyBytes", d.BodyBytes,
	}
	for name, value := range map[string]string{"namespace": d.Namespace, "source": d.Source,
		"securityEvent": d.SecurityEvent, "order": d.OrderName, "webhookID": d.WebhookID,
		"account": d.Hint.Account, "providerOrder": d.Hint.RequestID} {
		if value != "" {
			values = append(values, name, value)
		}
	}
	if storing > 0 {
		values = append(values, "storing", storing.String())
	}
	if cause := errors.Unwrap(err); cause != nil {
		values = append(values, "error", cause.Error())
	}
	s.o.Log.Info("request", values...)
}
