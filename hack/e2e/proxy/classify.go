package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
)

var errSprung = errors.New("the trap has sprung")

// unnamed stands for a change that no classifier knows.
const unnamed = "?"

// Write is a request that may change something.
type Write struct {
	// Method and Path of the request.
	Method, Path string
	// Body of the request, and of the last one to the same path and object that
	// was taken; nil when there was none.
	Body, Last []byte
}

// Classifier names the effect of a request; empty for none.
type Classifier func(Write) string

// OrderWrites classifies what the operator writes to the API server.
func OrderWrites(w Write) string {
	resource, sub := target(w.Path)
	switch resource {
	case "zmaorders":
		return orderWrite(w, sub)
	case "zmaaccounts":
		return accountWrite(w, sub)
	case "webhooksources":
		return SourceStatus
	case "orderpolicies":
		return PolicyStatus
	case "notificationpolicies":
		return NotificationStatus
	case "events":
		return event(w.Body)
	case "leases", "tokenreviews", "subjectaccessreviews", "selfsubjectreviews":
		return "" // these say who leads and who asks, and change no order
	}
	return unnamed
}

// target is resource and subresource of a path of the API server.
func target(path string) (resource, sub string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) > 0 && parts[0] == "apis" {
		parts = parts[1:] // the group
	}
	parts = parts[min(2, len(parts)):]
	if len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}
	switch len(parts) {
	case 0:
		return "", ""
	case 1, 2:
		return parts[0], ""
	default:
		return parts[0], parts[2]
	}
}

func orderWrite(w Write, sub string) string {
	switch {
	case w.Method == http.MethodPut && sub == "status":
		return statusWrite(w)
	case w.Method == http.MethodPost:
		return Creation
	case w.Method == http.MethodPatch && addsFinalizer(w.Body):
		return Finalizer
	case w.Method == http.MethodPatch:
		return FinalizerRemoval
	}
	return unnamed
}

func accountWrite(w Write, sub string) string {
	switch {
	case w.Method == http.MethodPut && sub == "status":
		return AccountStatus
	case w.Method == http.MethodPatch && addsFinalizer(w.Body):
		return AccountFinalizer
	case w.Method == http.MethodPatch:
		return AccountFinalizerRemoval
	}
	return unnamed
}

// addsFinalizer tells a patch that adds the product's finalizer from the one that
// takes it away: a merge patch holds the list that is to be.
func addsFinalizer(patch []byte) bool {
	var p struct {
		Metadata struct {
			Finalizers []string `json:"finalizers"`
		} `json:"metadata"`
	}
	return json.Unmarshal(patch, &p) == nil && len(p.Metadata.Finalizers) > 0
}

// event may come in either encoding, which both hold the reason as it is.
func event(body []byte) string {
	if bytes.Contains(body, []byte("RecoveryHandled")) || bytes.Contains(body, []byte("RecoveryRefused")) {
		return RecoveryEvent
	}
	return Event
}

// PaidCalls classifies the calls to the provider, of both versions of its API.
func PaidCalls(w Write) string {
	switch {
	case w.Method != http.MethodPost:
		return unnamed
	case strings.HasSuffix(w.Path, "/orders"):
		return PaidCall
	case strings.HasSuffix(w.Path, "/abort"):
		return AbortCall
	case strings.HasSuffix(w.Path, "/cancel"):
		return CancellationCall
	}
	return unnamed
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }
