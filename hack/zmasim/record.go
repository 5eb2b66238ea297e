package zmasim

import (
	"net/http"
	"slices"
	"time"
)

// Record is the simulator's own independent account of all that happened.
type Record struct {
	Requests  []Request          `json:"requests"`
	Purchases []Purchase         `json:"purchases"`
	Callbacks []CallbackDelivery `json:"callbacks"`
}

// Request is one call as it arrived, answered or not.
type Request struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Key is the body's idempotency_key.
	Key string `json:"key,omitempty"`
	// Identity and Attempt are those of client_notes, or of version 2's metadata.
	Identity string `json:"identity,omitempty"`
	Attempt  int64  `json:"attempt,omitempty"`
	// RequestID is the order's or cancellation's: the one asked for or the one given.
	RequestID string `json:"requestID,omitempty"`
	// Fault is the kind of the fault that met the call.
	Fault string `json:"fault,omitempty"`
	// Status is the HTTP status; 0 when no answer was given (yet).
	Status int `json:"status"`
	// BodySHA256 is in hex; empty without a body.
	BodySHA256 string `json:"bodySHA256,omitempty"`
}

// Purchase is one order placed with the retailer: money spent.
type Purchase struct {
	At         time.Time `json:"at"`
	RequestID  string    `json:"requestID"`
	Key        string    `json:"key,omitempty"`
	Identity   string    `json:"identity,omitempty"`
	Attempt    int64     `json:"attempt,omitempty"`
	TotalCents int64     `json:"totalCents"`
	// Cancelled: every merchant order of it was cancelled and refunded.
	Cancelled bool `json:"cancelled,omitempty"`
}

// CallbackDelivery is one try to deliver a callback.
type CallbackDelivery struct {
	At        time.Time `json:"at"`
	RequestID string    `json:"requestID"`
	Event     string    `json:"event"`
	// URL has neither user nor query: these are where secrets travel.
	URL string `json:"url"`
	// Try counts from 1; 0 for a callback that a fault suppressed.
	Try int `json:"try"`
	// Status is the receiver's; 0 when there was none.
	Status int    `json:"status"`
	Fault  string `json:"fault,omitempty"`
}

// PurchasesOf returns the purchases for an identity, cancelled ones included.
func (r Record) PurchasesOf(identity string) []Purchase {
	var found []Purchase
	for _, p := range r.Purchases {
		if p.Identity == identity {
			found = append(found, p)
		}
	}
	return found
}

// ordersPath tells whether a path is that of the orders, in either version.
func ordersPath(path string) bool { return path == "/v1/orders" || path == "/orders" }

// KeysOf returns the distinct keys sent in POST /v1/orders (or /orders) for an identity, in the
// order of first sight, whatever was answered.
func (r Record) KeysOf(identity string) []string {
	var keys []string
	for _, q := range r.Requests {
		if q.Method == http.MethodPost && ordersPath(q.Path) && q.Identity == identity && q.Key != "" && !slices.Contains(keys, q.Key) {
			keys = append(keys, q.Key)
		}
	}
	return keys
}

// Record returns a copy of the account so far.
func (s *Server) Record() Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Record{
		Requests:  slices.Clone(s.record.Requests),
		Purchases: slices.Clone(s.record.Purchases),
		Callbacks: slices.Clone(s.record.Callbacks),
	}
}

// arrived records a call before anything is done about it, so that a call that
// is never answered counts too.
func (s *Server) arrived(c call) (index int) {
	s.update(func() {
		index = len(s.record.Requests)
		s.record.Requests = append(s.record.Requests, Request{
			At: s.opts.Now(), Method: c.Request.Method, Path: c.Request.URL.Path,
			Key: c.Head.Key, Identity: c.Head.Identity, Attempt: c.Head.Attempt,
			RequestID: c.id(), BodySHA256: c.bodySHA256(),
		})
		s.noteRequest(index)
	})
	return index
}

func (s *Server) answered(index int, a answer, fault FaultKind) {
	s.update(func() {
		q := &s.record.Requests[index]
		q.Status, q.Fault = a.Status, string(fault)
		q.RequestID = orElse(a.RequestID, q.RequestID)
		s.noteRequest(index)
	})
}

// tookEffect records what a call came to after its caller was given up.
func (s *Server) tookEffect(index int, a answer) {
	s.update(func() {
		q := &s.record.Requests[index]
		q.RequestID = orElse(a.RequestID, q.RequestID)
		s.noteRequest(index)
	})
}

func (s *Server) noteRequest(index int) {
	copied := s.record.Requests[index]
	s.note(entry{Index: index, Request: &copied})
}

func (s *Server) notePurchase(index int) {
	copied := s.record.Purchases[index]
	s.note(entry{Index: index, Purchase: &copied})
}
