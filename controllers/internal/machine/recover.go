package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// Verb is what a person can ask for.
type Verb string

// Verbs of recovery by hand.
const (
	// Now ends the pause and looks again.
	Now Verb = "now"
	// ResolveNow looks an unknown outcome up.
	ResolveNow Verb = "resolve"
	// NotBought ends an attempt of unknown outcome as not bought.
	NotBought Verb = "resolve:not-bought"
	// Adopt takes over an order at the provider.
	Adopt Verb = "adopt"
	// Retry makes a new attempt after proven failure.
	Retry Verb = "retry"
	// Approve lets an order pass its policy's review.
	Approve Verb = "approve"
	// Reject ends an order of which nothing may have been bought.
	Reject Verb = "reject"
	// Abandon gives an order up.
	Abandon Verb = "abandon"
)

// Request is what a person has asked for.
type Request struct {
	// Verb of the request.
	Verb Verb
	// Argument of the verb; a request ID for Adopt.
	Argument string
}

// ParseRequest reads verb[:argument][@token]. The token makes a value new, so that
// the same request can be made again.
func ParseRequest(value string) (Request, error) {
	words, _, _ := strings.Cut(strings.TrimSpace(value), "@")
	verb, argument, _ := strings.Cut(words, ":")
	r := Request{Verb: Verb(verb), Argument: argument}
	if r.Verb == ResolveNow && argument == "not-bought" {
		return Request{Verb: NotBought}, nil
	}
	switch r.Verb {
	case Adopt:
		if argument == "" {
			return r, errors.New("adopt needs the provider's request ID: adopt:<requestID>")
		}
		return r, nil
	case Now, ResolveNow, Retry, Approve, Reject, Abandon:
		if argument != "" {
			return r, fmt.Errorf("%s takes no argument", r.Verb)
		}
		return r, nil
	}
	return r, errors.New("unknown verb; the verbs are now, resolve, resolve:not-bought, adopt:<requestID>, retry, approve, reject and abandon")
}

// asked does what a person has asked for, once: a value that was handled stays
// without effect, however often it is applied.
func asked(s situation) (Action, bool) {
	if s.facts.Asked == "" {
		return Action{}, false
	}
	if r := s.order.Status.Recovery; r != nil && slices.Contains(append(r.HandledRequests, r.LastHandledRequest), Handled(s.facts.Asked)) {
		return Action{}, false
	}
	return Action{Kind: Recover}, true
}

// Handled is what is kept of a request's value: it has to fit a status.
func Handled(value string) string {
	const limit = 256
	if len(value) <= limit {
		return value
	}
	sum := sha256.Sum256([]byte(value))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Refusal says why a request can't be met now, in words that help; empty when it
// can. quiet is the time in which a paid call may still be under way.
func Refusal(o *v1alpha1.ZMAOrder, r Request, quiet time.Duration, now time.Time) string {
	s := situation{order: o, now: now}
	if s.isAbandoned() {
		return "The order was abandoned: it is not followed any more, and nothing can be asked for it."
	}
	switch r.Verb {
	case Now:
		return s.unlessOpen()
	case ResolveNow:
		return s.unlessUnresolved()
	case NotBought:
		return s.refuseNotBought(quiet)
	case Adopt:
		return s.refuseAdopt()
	case Retry:
		return s.refuseRetry()
	case Approve:
		if condition.ReadyReason(o) != v1alpha1.ReasonAwaitingApproval {
			return "Only an order with reason AwaitingApproval can be approved."
		}
	case Reject:
		return s.refuseReject()
	}
	return ""
}

func (s situation) unlessOpen() string {
	if _, ended := closed(s); ended {
		return "The order has ended as " + s.readyReason() + "; there is nothing to take up."
	}
	return ""
}

func (s situation) unlessUnresolved() string {
	if !s.state().Unresolved() {
		return "No paid call of this order is without a known outcome."
	}
	return ""
}

func (s situation) refuseNotBought(quiet time.Duration) string {
	if refusal := s.unlessUnresolved(); refusal != "" {
		return refusal
	}
	if left := quiet - s.now.Sub(s.submission().IntentAt.Time); left > 0 {
		return fmt.Sprintf("The paid call may still be under way; ask again in %s.", left.Round(time.Second)+time.Second)
	}
	return ""
}

func (s situation) refuseAdopt() string {
	switch {
	case s.submission() == nil:
		return "Nothing was ever submitted for this order, so no order at the provider can be its own."
	case s.order.Status.Placement != nil:
		return "The order is placed already."
	case s.state() == v1alpha1.SubmissionAccepted:
		return "The provider has accepted this order as request " + s.submission().RequestID + "."
	}
	return ""
}

func (s situation) refuseRetry() string {
	switch {
	case s.state().Unresolved():
		return "It is not known whether the last attempt has bought. Ask for resolve, adopt:<requestID> or resolve:not-bought first."
	case s.state() == v1alpha1.SubmissionAccepted:
		return "The last attempt has not failed: the provider has accepted it."
	case s.unlessOpen() != "":
		return "The order has ended for good as " + s.readyReason() + "; make a new order."
	case s.state() != v1alpha1.SubmissionRejected:
		return "No attempt of this order has failed; now makes it look again."
	case zma.Classify(s.submission().ErrorCode).Class == zma.Duplicate:
		return "The provider takes the order for one that it has already. Ask for adopt:<requestID> of that one, or reject the order."
	case s.unwanted():
		return "The order is being cancelled or deleted."
	}
	return ""
}

func (s situation) refuseReject() string {
	switch {
	case s.state().Unresolved():
		return "It is not known whether the order was bought. Ask for resolve, adopt:<requestID> or resolve:not-bought first."
	case s.state() == v1alpha1.SubmissionAccepted:
		return "The provider has accepted the order; set spec.cancel to stop it."
	}
	return s.unlessOpen()
}
