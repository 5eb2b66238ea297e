package zmasim

import "net/http"

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"POST /v1/orders":             s.createOrder,
		"GET /v1/orders":              s.listOrders,
		"GET /v1/orders/{id}":         s.getOrder,
		"POST /v1/orders/{id}/abort":  s.abortOrder,
		"POST /v1/orders/{id}/retry":  s.retryOrder,
		"POST /v1/orders/{id}/cancel": s.cancelOrder,
		"GET /v1/orders/{id}/case":    s.getCase,
		"POST /v1/orders/{id}/case":   s.postCase,
		"GET /v1/cancellations/{id}":  s.getCancellation,
		"POST /v1/orders/{id}/return": s.returnOrder,
		"GET /v1/returns/{id}":        s.getReturn,
		"GET /v1/addax/balance":       s.getBalance,
		"GET /v1/addax/transactions":  s.getTransactions,
		"/v1/":                        notSimulated,
	} {
		mux.Handle(pattern, s.api(h))
	}
	if s.opts.Control {
		s.controlRoutes(mux)
	}
	return mux
}

// notSimulated carries no error object: a client that gets here asks for
// something that this simulator lacks, which should not look like an outcome.
func notSimulated(call) answer {
	return answer{Status: http.StatusNotFound, Type: "text/plain", Body: []byte("not simulated\n")}
}
