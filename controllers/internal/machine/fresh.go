package machine

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// cancelled ends an order of which nothing was bought.
func cancelled(s situation) (Action, bool) {
	if !s.order.Spec.Cancel {
		return Action{}, false
	}
	return Action{Kind: Release, Reason: v1alpha1.ReasonCancelled, Message: "Cancelled before anything was bought.", Final: true}, true
}

// refusedByHand ends an order that a person has rejected before anything was
// bought.
func refusedByHand(s situation) (Action, bool) {
	if !s.isRejectedByHand() {
		return Action{}, false
	}
	return Action{Kind: Release, Reason: v1alpha1.ReasonDenied, Message: rejectedByHand, Final: true}, true
}

const rejectedByHand = "Rejected by hand; nothing was bought."

// permitted holds an order that may not be submitted yet.
func permitted(s situation) (Action, bool) {
	if s.suspended() {
		return stall(v1alpha1.ReasonSuspended, "Suspended on the order or its account; nothing new is spent."), true
	}
	if s.facts.Account == nil {
		return wait(v1alpha1.ReasonAccountNotReady, "The ZMAAccount does not exist.", recheck), true
	}
	if !s.facts.CredentialsFound {
		return wait(v1alpha1.ReasonAccountNotReady, "The Secret with the account's token, or its key, does not exist.", recheck), true
	}
	if at := s.order.Spec.NotBefore; at != nil && at.After(s.now) {
		return wait(v1alpha1.ReasonScheduled, "Scheduled for "+at.UTC().Format(time.RFC3339)+".", at.Sub(s.now)), true
	}
	if s.facts.PolicyProblem != "" {
		return wait(v1alpha1.ReasonPolicyNotReady, s.facts.PolicyProblem, recheck), true
	}
	return Action{}, false
}

// CodeSuperseded stands in the place of a provider's code when an attempt was ended
// that was not sent.
const CodeSuperseded = "superseded"

// SupersededMessage says what follows such an end.
const SupersededMessage = "The attempt was not sent, and the order's address or ceiling has changed since; a new attempt is made."

// Superseded tells whether an attempt was ended without having been sent.
func Superseded(sub *v1alpha1.Submission) bool {
	return sub.State == v1alpha1.SubmissionRejected && sub.ErrorCode == CodeSuperseded
}

// outdated ends an attempt that was not sent and was prepared for what does not hold
// any more: a call repeats what its key stands for, so other contents need another
// attempt. An attempt that may have been sent is never ended so. Nor is one that was
// prepared for another provider account, which can't be asked whether it knows it.
func outdated(s situation) (Action, bool) {
	unsent := s.state() == v1alpha1.SubmissionNotSent && s.isTrue(v1alpha1.ConditionFundsReserved)
	if !unsent || !s.facts.Outdated || s.otherAccount() {
		return Action{}, false
	}
	if s.facts.CircuitOpen {
		return wait(v1alpha1.ReasonProviderUnavailable, "The order's address or ceiling has changed; a new attempt is made once the provider answers.", recheck), true
	}
	return Action{Kind: Supersede}, true
}

// again says why a new attempt is made.
func (s situation) again() string {
	if Superseded(s.submission()) {
		return SupersededMessage
	}
	return s.refusal("A new attempt is made.")
}

func (s situation) otherAccount() bool {
	return s.submission().ProviderAccountID != s.facts.Account.Spec.ProviderAccountID
}

// validated checks the order; one that failed stays with the reason that its
// check gave.
func validated(s situation) (Action, bool) {
	return s.step(v1alpha1.ConditionValidated, Validate)
}

// paid checks the customer's payment.
func paid(s situation) (Action, bool) {
	return s.step(v1alpha1.ConditionPaymentVerified, VerifyPayment)
}

// reserved holds the maximum price of the next attempt in the ledger, which also
// prepares its submission.
func reserved(s situation) (Action, bool) {
	if s.isTrue(v1alpha1.ConditionFundsReserved) && s.state() == v1alpha1.SubmissionNotSent {
		return Action{}, false
	}
	return Action{Kind: Reserve, Attempt: s.nextAttempt()}, true
}

// ready makes the paid call, unless the last one was provably not made and its
// pause is not over. While the circuit is not closed the order takes its place at
// the gate instead, where the oldest goes first once the provider is back.
func ready(s situation) (Action, bool) {
	if s.otherAccount() {
		// Key and reservation were made for the other account.
		return stall(v1alpha1.ReasonProviderAccountChanged, "The attempt was prepared for another provider account than the ZMAAccount names now."), true
	}
	if p := s.providerPause(); p > 0 && !s.facts.CircuitOpen && !s.facts.CircuitTrying {
		return wait(v1alpha1.ReasonProviderUnavailable, "The provider could not be reached or asked to wait; nothing was sent.", p), true
	}
	return Action{Kind: Submit}, true
}

// step runs a check whose condition is not True for this generation.
func (s situation) step(condition string, kind Kind) (Action, bool) {
	c := meta.FindStatusCondition(s.order.Status.Conditions, condition)
	if c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == s.order.Generation {
		return Action{}, false
	}
	return Action{Kind: kind}, true
}

// nextAttempt is the attempt that a submission now would be.
func (s situation) nextAttempt() int64 {
	sub := s.submission()
	switch {
	case sub == nil:
		return 1
	case sub.State == v1alpha1.SubmissionNotSent:
		return sub.Attempt
	default:
		return sub.Attempt + 1
	}
}
