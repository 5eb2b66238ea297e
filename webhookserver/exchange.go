package webhookserver

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
)

// exchange is one request and what is told of it afterwards.
type exchange struct {
	w         http.ResponseWriter
	r         *http.Request
	route     string
	requestID string
	started   time.Time
	client    netip.Addr

	// Set as they become known. Nothing that only the sender claims is kept here:
	// names enter metrics and the delivery log once an object of that name, or a
	// verified token, stands behind them.
	namespace, source string
	order             string
	externalID        string
	webhookID         string
	bodyBytes         int64
	hint              callback.Hint
	event             string // security event, when the request is one
	storing           atomic.Int64
}

// stored notes what the API server took to store an order, in nanoseconds; of several
// the longest.
func (x *exchange) stored(took time.Duration) {
	for {
		was := x.storing.Load()
		if int64(took) <= was || x.storing.CompareAndSwap(was, int64(took)) {
			return
		}
	}
}

// answer ends an exchange well.
type answer struct {
	status  int
	outcome string
	body    any
	order   string // first order that it tells of
}

// step is a handler that leaves writing and recording to its caller.
type step func(*exchange) (*answer, error)

// requestIDHeader is taken from the sender and given back.
const requestIDHeader = "X-Request-Id"

func (s *Server) begin(w http.ResponseWriter, r *http.Request, route string) *exchange {
	x := &exchange{w: w, r: r, route: route, started: s.o.Now(),
		requestID: requestID(r.Header.Get(requestIDHeader)),
		client:    clientAddr(r, s.o.TrustedProxies)}
	h := w.Header()
	h.Set(requestIDHeader, x.requestID)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return x
}

// maxRequestID is what annotation and log column hold.
const maxRequestID = 64

// requestID keeps the sender's ID only when it is harmless in logs and
// annotations, [A-Za-z0-9._-]{1,64} and no card number, and makes one otherwise.
func requestID(given string) string {
	if given == "" || len(given) > maxRequestID || strings.ContainsFunc(given, unsafeInID) || mapping.HasCardNumber(given) {
		return rand.Text()
	}
	return given
}

func unsafeInID(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	digit := '0' <= c && c <= '9'
	return !letter && !digit && c != '.' && c != '_' && c != '-'
}
