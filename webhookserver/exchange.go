package webhookserver

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zma-operator/zma-operator/internal/callback"
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

// requestID keeps the sender's ID only when it can be nothing but an ID, and makes one
// otherwise: anybody may send one, and it goes to logs, rows and orders.
func requestID(given string) string {
	if len(given) > maxRequestID || !recordableID(given) || !madeUp(given) && !shortID(given) {
		return rand.Text()
	}
	return given
}

var drawn = regexp.MustCompile(`^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{16,64}|[0-9A-Z]{26})$`)

// madeUp tells whether the form alone shows that a program made an ID: UUIDs, 16 to 64
// digits of hex, ULIDs and texts of crypto/rand, with a letter or the dashes of UUIDs.
func madeUp(id string) bool {
	return drawn.MatchString(id) && strings.Trim(id, "0123456789") != ""
}

// shortID tells whether an ID has a digit, which names have not, and no seven in a row,
// as numbers of people and their telephones have: without letters also those between
// which signs stand.
func shortID(id string) bool {
	const tooMany = 7
	signs := strings.Trim(id, "0123456789._-") == ""
	row, most := 0, 0
	for _, c := range []byte(id) {
		switch {
		case '0' <= c && c <= '9':
			row++
			most = max(most, row)
		case !signs:
			row = 0
		}
	}
	return most > 0 && most < tooMany
}
