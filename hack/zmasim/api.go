package zmasim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const maxBody = 1 << 20

// call is one request, read to its end before anything is decided: only then
// does net/http notice a caller that has gone away.
type call struct {
	Request *http.Request
	Body    []byte
	Head    head
	// Lag is a ListingLag fault's, for the listing alone.
	Lag time.Duration
	// index of the call in the record.
	index int
	// dialect is the version's way to say things.
	dialect dialect
}

func (c call) id() string { return c.Request.PathValue("id") }

// head is what rules and the record need of a body, valid or not.
type head struct {
	Key       string
	Identity  string
	Attempt   int64
	ProductID string
}

// answer is a response before it is written. Status 0 closes the connection
// without one.
type answer struct {
	Status     int
	Type       string // media type; JSON when empty
	RetryAfter time.Duration
	Body       []byte
	RequestID  string // for the record
}

type handler func(call) answer

// dialect is what differs between the versions of the API in what every call
// has in common.
type dialect struct {
	head       func(body []byte) head
	authorised func(*http.Request) bool
	badToken   func() answer
	unknownID  func() answer
}

func (s *Server) dialectV1() dialect {
	return dialect{
		head:       readHead,
		authorised: s.authorised,
		badToken: func() answer {
			return errorAnswer(s.opts.Switches.TokenStatus, "invalid_client_token", "The client token is not valid.", nil)
		},
		unknownID: s.unknownID,
	}
}

func (s *Server) api(h handler) http.HandlerFunc { return s.serveCalls(s.dialectV1(), h) }

// serveCalls wraps a handler with what every call has in common: the record, the
// token, the faults.
func (s *Server) serveCalls(d dialect, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			panic(http.ErrAbortHandler) // the request never arrived in full: nothing to account for
		}
		c := call{Request: r, Body: body, Head: d.head(body), dialect: d}
		c.index = s.arrived(c)
		if !d.authorised(r) {
			s.finish(w, c.index, d.badToken(), "")
			return
		}
		fault, hit := s.pickFault(c)
		if !hit {
			s.finish(w, c.index, h(c), "")
			return
		}
		s.finish(w, c.index, s.misbehave(fault, c, h), fault.Kind)
	}
}

func (s *Server) authorised(r *http.Request) bool {
	user, _, ok := r.BasicAuth()
	return ok && subtle.ConstantTimeCompare([]byte(user), []byte(s.opts.Token)) == 1
}

// finish records the answer before it is sent, so that a client that has it
// finds it in the record too.
func (s *Server) finish(w http.ResponseWriter, index int, a answer, fault FaultKind) {
	s.answered(index, a, fault)
	if a.Status == 0 {
		panic(http.ErrAbortHandler) // the way net/http closes a connection without an answer
	}
	w.Header().Set("Content-Type", orElse(a.Type, "application/json"))
	if a.RetryAfter > 0 {
		seconds := (a.RetryAfter + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", fmt.Sprint(int64(seconds)))
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // a caller that has left is not our concern
}

func readHead(body []byte) head {
	var top struct {
		Key      json.RawMessage `json:"idempotency_key"`
		Notes    json.RawMessage `json:"client_notes"`
		Products json.RawMessage `json:"products"`
	}
	if json.Unmarshal(body, &top) != nil {
		return head{}
	}
	var notes struct {
		Identity string `json:"identity"`
		Attempt  int64  `json:"attempt"`
	}
	var products []struct {
		ID string `json:"product_id"`
	}
	var key string
	// Each part by itself: a malformed one must not hide the others.
	_ = json.Unmarshal(top.Key, &key)
	_ = json.Unmarshal(top.Notes, &notes)
	_ = json.Unmarshal(top.Products, &products)
	h := head{Key: key, Identity: notes.Identity, Attempt: notes.Attempt}
	if len(products) > 0 {
		h.ProductID = products[0].ID
	}
	return h
}

func (c call) bodySHA256() string {
	if len(c.Body) == 0 {
		return ""
	}
	sum := sha256.Sum256(c.Body)
	return hex.EncodeToString(sum[:])
}

func jsonAnswer(status int, body any) answer {
	return answer{Status: status, Body: mustJSON(body)}
}

// errorAnswer is the provider's error object: everything at the root.
func errorAnswer(status int, code, message string, data map[string]any) answer {
	if data == nil {
		data = map[string]any{}
	}
	return jsonAnswer(status, map[string]any{"_type": "error", "code": code, "message": message, "data": data})
}

func (s *Server) unknownID() answer {
	return errorAnswer(s.opts.Switches.UnknownIDStatus, "invalid_request_id", "No request has this ID.", nil)
}

func (s *Server) invalid(path, message string) answer {
	return s.invalidAll([]validatorError{{Path: path, Message: message}})
}

func (s *Server) invalidAll(errs []validatorError) answer {
	return errorAnswer(s.opts.Switches.ValidationStatus, "invalid_request", "Validation failed.",
		map[string]any{"validator_errors": errs})
}

// mustJSON marshals values that this package built itself; a failure is a
// mistake in the package.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("zmasim: marshal %T: %v", v, err))
	}
	return b
}
