package zmasim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is a rule: the calls it matches misbehave. Rules are tried in the order
// they were added; the first match is used.
type Fault struct {
	// Method and PathPrefix select calls, such as "POST" and "/v1/orders", or
	// "/orders" of version 2; empty matches any. Callback faults ignore both.
	Method     string
	PathPrefix string
	// Identity selects POSTs whose client_notes.identity equals it. With Method set it
	// also selects calls about an existing order of that identity. Callback faults
	// compare the order's. Empty matches any.
	Identity string
	// ProductID selects by the order's first product, like Identity.
	ProductID string
	// Event selects callbacks, such as "request_succeeded"; empty matches any.
	Event string
	Kind  FaultKind
	// Times is how often the rule is used; 0 is for ever.
	Times int
	// Delay is for Slow, LateEffect, ListingLag and CallbackReorder.
	Delay time.Duration
	// RetryAfter is sent with TooManyRequests, in whole seconds, rounded up.
	RetryAfter time.Duration
	// Status is for ErrorBefore and ErrorAfter; 500 when zero.
	Status int
}

// FaultKind names a way to misbehave.
type FaultKind string

// Kinds that meet calls. "Before" has no effect, "after" has the whole effect.
const (
	DropBefore      FaultKind = "DropBefore"      // closes the connection, no effect
	DropAfter       FaultKind = "DropAfter"       // takes effect, closes the connection without an answer
	ErrorBefore     FaultKind = "ErrorBefore"     // 5xx, no effect
	ErrorAfter      FaultKind = "ErrorAfter"      // takes effect, 5xx
	TooManyRequests FaultKind = "TooManyRequests" // 429 with Retry-After, no effect
	Slow            FaultKind = "Slow"            // takes effect at once, answers Delay later
	LateEffect      FaultKind = "LateEffect"      // never answers; takes effect Delay later, caller or none
	Malformed       FaultKind = "Malformed"       // takes effect, 200 with a body that is no JSON
	NoRequestID     FaultKind = "NoRequestID"     // takes effect, 200 with JSON that lacks request_id
	HTML502         FaultKind = "HTML502"         // a gateway's error page, no effect
	HTML502After    FaultKind = "HTML502After"    // takes effect, a gateway's error page
	UnknownID404    FaultKind = "UnknownID404"    // 404 invalid_request_id, no effect
	ListingLag      FaultKind = "ListingLag"      // a listing without orders younger than Delay
)

// Kinds that meet callbacks, per event and URL.
const (
	CallbackDrop      FaultKind = "CallbackDrop"      // never sent
	CallbackDuplicate FaultKind = "CallbackDuplicate" // sent once more after its 200
	CallbackReorder   FaultKind = "CallbackReorder"   // sent after a later one of its order, or after Delay (2s when zero)
	CallbackMalformed FaultKind = "CallbackMalformed" // sent with a body that is no JSON
	// CallbackForOld sends, when an identity gets a new order, the final event of
	// its previous order once more.
	CallbackForOld FaultKind = "CallbackForOld"
)

func callKinds() []FaultKind {
	return []FaultKind{DropBefore, DropAfter, ErrorBefore, ErrorAfter, TooManyRequests, Slow, LateEffect, Malformed,
		NoRequestID, HTML502, HTML502After, UnknownID404, ListingLag}
}

func callbackKinds() []FaultKind {
	return []FaultKind{CallbackDrop, CallbackDuplicate, CallbackReorder, CallbackMalformed, CallbackForOld}
}

type faultRule struct {
	Fault
	used int
}

// AddFault appends a rule. It panics for a kind that does not exist: a test that
// misspells its fault would otherwise pass for the wrong reason.
func (s *Server) AddFault(f Fault) {
	if !f.Kind.known() {
		panic(fmt.Sprintf("zmasim: unknown fault kind %q", f.Kind))
	}
	s.update(func() { s.faults = append(s.faults, &faultRule{Fault: f}) })
}

// ClearFaults removes all rules.
func (s *Server) ClearFaults() {
	s.update(func() { s.faults = nil })
}

func (k FaultKind) known() bool {
	return slices.Contains(callKinds(), k) || slices.Contains(callbackKinds(), k)
}

// take uses up the first rule that is of one of the kinds and matches.
func (s *Server) take(kinds []FaultKind, matches func(Fault) bool) (Fault, bool) {
	for _, rule := range s.faults {
		spent := rule.Times > 0 && rule.used >= rule.Times
		if spent || !slices.Contains(kinds, rule.Kind) || !matches(rule.Fault) {
			continue
		}
		rule.used++
		return rule.Fault, true
	}
	return Fault{}, false
}

func (s *Server) pickFault(c call) (f Fault, hit bool) {
	s.update(func() {
		known := s.orders[c.id()]
		f, hit = s.take(callKinds(), func(f Fault) bool { return f.matchesCall(c, known) })
	})
	return f, hit
}

func (f Fault) matchesCall(c call, known *order) bool {
	r := c.Request
	if f.Method != "" && f.Method != r.Method || !strings.HasPrefix(r.URL.Path, f.PathPrefix) {
		return false
	}
	if f.Kind == UnknownID404 && c.id() == "" {
		return false
	}
	if f.Kind == ListingLag && (r.Method != http.MethodGet || !ordersPath(r.URL.Path)) {
		return false
	}
	identity, product := c.Head.Identity, c.Head.ProductID
	if known != nil && f.Method != "" {
		identity, product = known.Identity, known.ProductID
	}
	return f.matchesOrder(identity, product)
}

func (f Fault) matchesOrder(identity, product string) bool {
	return (f.Identity == "" || f.Identity == identity) && (f.ProductID == "" || f.ProductID == product)
}

// faultWire is a Fault as JSON, with durations as text ("1.5s").
type faultWire struct {
	Method     string    `json:"method,omitempty"`
	PathPrefix string    `json:"pathPrefix,omitempty"`
	Identity   string    `json:"identity,omitempty"`
	ProductID  string    `json:"productID,omitempty"`
	Event      string    `json:"event,omitempty"`
	Kind       FaultKind `json:"kind"`
	Times      int       `json:"times,omitempty"`
	Delay      string    `json:"delay,omitempty"`
	RetryAfter string    `json:"retryAfter,omitempty"`
	Status     int       `json:"status,omitempty"`
}

// MarshalJSON writes durations as text.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultWire{f.Method, f.PathPrefix, f.Identity, f.ProductID, f.Event, f.Kind, f.Times,
		f.Delay.String(), f.RetryAfter.String(), f.Status})
}

// UnmarshalJSON refuses unknown fields and kinds: a rule that matches nothing
// would be noticed too late.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var w faultWire
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return err
	}
	if !w.Kind.known() {
		return fmt.Errorf("unknown fault kind %q", w.Kind)
	}
	delay, err := time.ParseDuration(orElse(w.Delay, "0"))
	if err != nil {
		return fmt.Errorf("delay: %w", err)
	}
	retryAfter, err := time.ParseDuration(orElse(w.RetryAfter, "0"))
	if err != nil {
		return fmt.Errorf("retryAfter: %w", err)
	}
	*f = Fault{w.Method, w.PathPrefix, w.Identity, w.ProductID, w.Event, w.Kind, w.Times, delay, retryAfter, w.Status}
	return nil
}
