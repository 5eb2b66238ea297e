package zmasim

import "net/http"

// misbehave gives the answer of a call that a fault has met, and decides whether
// and when the call takes effect.
func (s *Server) misbehave(f Fault, c call, h handler) answer {
	switch f.Kind {
	case DropBefore:
		return answer{}
	case ErrorBefore:
		return serverError(f)
	case TooManyRequests:
		return answer{Status: http.StatusTooManyRequests, RetryAfter: f.RetryAfter, Type: "text/plain", Body: []byte("slow down\n")}
	case HTML502:
		return gatewayPage()
	case UnknownID404:
		a := c.dialect.unknownID()
		a.Status = http.StatusNotFound
		return a
	case LateEffect:
		s.after(f.Delay, func() { s.tookEffect(c.index, h(c)) })
		s.pause(c.Request.Context(), f.Delay)
		return answer{}
	case ListingLag:
		c.Lag = f.Delay
		return h(c)
	default:
		return s.spoil(f, c, h(c))
	}
}

// spoil replaces an answer whose call has taken effect, and keeps its request ID
// for the record.
func (s *Server) spoil(f Fault, c call, real answer) answer {
	a := real
	switch f.Kind {
	case DropAfter:
		a = answer{}
	case ErrorAfter:
		a = serverError(f)
	case HTML502After:
		a = gatewayPage()
	case Malformed:
		a = answer{Status: http.StatusOK, Body: []byte(`{"request_id": "0a1b` + "\x00")}
	case NoRequestID:
		a = jsonAnswer(http.StatusOK, map[string]any{"status": "ok"})
	case Slow:
		s.pause(c.Request.Context(), f.Delay)
	}
	a.RequestID = real.RequestID
	return a
}

func serverError(f Fault) answer {
	return answer{Status: orElse(f.Status, http.StatusInternalServerError), Type: "text/plain", Body: []byte("something went wrong\n")}
}

func gatewayPage() answer {
	return answer{Status: http.StatusBadGateway, Type: "text/html",
		Body: []byte("<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>\n")}
}
