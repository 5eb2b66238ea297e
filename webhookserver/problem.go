package webhookserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
)

// problemBase leads the type of every problem.
const problemBase = "https://zma.dev/problems/"

// Categories of outcomes, for metrics and the delivery log.
const (
	categoryOK          = "ok"
	categoryClient      = "client"      // the sender must change the request
	categoryAuth        = "auth"        // the sender is not known
	categoryLimit       = "limit"       // the sender must slow down
	categoryUnavailable = "unavailable" // we must do something; the sender may repeat
)

// problem is an answer by RFC 9457. It is an error too, so that each step of
// the intake can end a request.
type problem struct {
	status   int
	slug     string
	category string
	event    string // security event that the request is counted as
	title    string
	detail   string
	// fields that are wrong, for the sender only: never logged.
	fields []mapping.FieldError
	// retryAfter tells the sender when to try again; none when zero.
	retryAfter time.Duration
	// header is added to the answer.
	header http.Header
	// cause is logged, never sent. It must hold no personal data.
	cause error
}

// Error implements error.
func (p *problem) Error() string { return p.title }

// Unwrap implements errors.Unwrap.
func (p *problem) Unwrap() error { return p.cause }

// inList names the order that a problem is about, when there are several.
func inList(err error, index, of int) error {
	var p *problem
	if of == 1 || !errors.As(err, &p) || p.status >= http.StatusInternalServerError {
		return err
	}
	named := *p
	named.fields = nil
	place := fmt.Sprintf("orders[%d]", index)
	for _, f := range p.fields {
		named.fields = append(named.fields, mapping.FieldError{Field: strings.TrimSuffix(place+"."+f.Field, "."), Detail: f.Detail})
	}
	if len(p.fields) == 0 {
		named.fields = []mapping.FieldError{{Field: place, Detail: "is the order that was refused"}}
	}
	return &named
}

type problemBody struct {
	Type      string               `json:"type"`
	Title     string               `json:"title"`
	Status    int                  `json:"status"`
	Detail    string               `json:"detail,omitempty"`
	RequestID string               `json:"requestID"`
	Errors    []mapping.FieldError `json:"errors,omitempty"`
}

func (p *problem) write(w http.ResponseWriter, requestID string) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", seconds(p.retryAfter))
	}
	writeJSON(w, p.status, "application/problem+json", problemBody{
		Type: problemBase + p.slug, Title: p.title, Status: p.status,
		Detail: p.detail, RequestID: requestID, Errors: p.fields,
	})
}

func writeJSON(w http.ResponseWriter, status int, contentType string, body any) {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the sender has gone; it will repeat
}

// seconds rounds up: a sender that comes back too early is refused again.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}
