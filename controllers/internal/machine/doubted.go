package machine

import (
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// CodeForgotten stands in the place of a provider's code when the provider does not
// know a request any more that it has accepted.
const CodeForgotten = "request_forgotten"

// ResolveWindow is how long an account's provider may leave open what became of a
// call before a person is asked.
func ResolveWindow(account *v1alpha1.ZMAAccount) time.Duration { return window(account) }

// Forgotten tells whether the provider has accepted an attempt and does not know it
// any more.
func Forgotten(sub *v1alpha1.Submission) bool {
	return open(sub) && sub.ErrorCode == CodeForgotten
}

// Duplicated tells whether the provider has ended an attempt because it takes it for
// an order that it has already.
func Duplicated(sub *v1alpha1.Submission) bool {
	return open(sub) && zma.Classify(sub.ErrorCode).Class == zma.Duplicate
}

// open tells whether the provider has given a request, and left open whether it was
// bought.
func open(sub *v1alpha1.Submission) bool {
	return sub != nil && sub.State == v1alpha1.SubmissionUnknown && sub.RequestID != ""
}

// doubted keeps reading an order whose own request at the provider does not say
// whether it was bought, while another one may. Neither is its money given back, nor
// is it bought again.
func doubted(s situation) (Action, bool) {
	message := "The provider takes the order for one that it has already, and does not list that one."
	if Forgotten(s.submission()) {
		message = "The provider has accepted the order and does not know its request any more."
	} else if !Duplicated(s.submission()) {
		return Action{}, false
	}
	if a := s.follow(); a.Kind == Observe || a.Reason != "" {
		return a, true
	}
	if s.unwanted() {
		message += " It can neither be cancelled nor go before it is known whether it was bought."
	}
	a := stall(v1alpha1.ReasonSubmissionOutcomeUnknown, message+" Look for it at the provider and the retailer, then annotate it with zma.dev/recover=adopt:<requestID> or resolve:not-bought; see docs/runbooks/SubmissionOutcomeUnknown.md.")
	a.After = s.untilPoll()
	return a, true
}
