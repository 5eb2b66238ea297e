package webhookserver

import (
	"context"
	"net/http"
	"time"
)

// maxHeaderFields of a request. Senders need ten, proxies add some more.
const maxHeaderFields = 100

// restTimeout is how long the rest of a body is waited for that nobody reads,
// so that a sender who was refused can use its connection again.
const restTimeout = time.Second

// hsts tells browsers to use TLS for a year.
const hsts = "max-age=31536000"

// transfer is what a request has to do with its connection.
type transfer struct {
	connection *connection
	body       *grant // what the body holds of the budget; nil when it was not read
	complete   bool   // the body was read to its end
}

type transferKey struct{}

// transferOf is a request's transfer; an empty one outside our own routes.
func transferOf(r *http.Request) *transfer {
	if t, ok := r.Context().Value(transferKey{}).(*transfer); ok {
		return t
	}
	return &transfer{}
}

// transferred follows each request through its connection, and bounds what
// net/http leaves open.
func (s *Server) transferred(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &transfer{connection: connectionOf(r.Context())}
		t.connection.work()
		defer t.connection.wait()
		defer func() { t.body.release() }()
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", hsts)
		}
		if s.last(r) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), transferKey{}, t)))
		if r.ProtoMajor == 1 && r.ContentLength != 0 && !t.complete {
			_ = http.NewResponseController(w).SetReadDeadline(fromNow(restTimeout)) // the general one stays
		}
	})
}

// last tells whether a connection ends with this request: while we drain, and
// after a request whose end another server could see at another place, so that
// nothing behind it is ever taken for a request. These are requests with a
// transfer coding, which may have had a Content-Length too, and those of
// HTTP/1.0, whose transfer coding does not count. net/http hides both.
// See RFC 9112, sections 6.1 and 11.2.
func (s *Server) last(r *http.Request) bool {
	return s.draining.Load() || r.ProtoMajor == 1 && (len(r.TransferEncoding) > 0 || r.ProtoMinor == 0)
}

func headerFields(h http.Header) int {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	return n
}

func tooManyHeaders() *problem {
	return &problem{status: http.StatusRequestHeaderFieldsTooLarge, slug: "too-many-headers", category: categoryClient,
		title: "Too many header fields", detail: "The request has too many header fields."}
}

// fromNow is a time by the machine's clock, by which the deadlines of
// connections go.
func fromNow(d time.Duration) time.Time {
	epoch := time.Unix(0, 0)
	return epoch.Add(time.Since(epoch) + d)
}
