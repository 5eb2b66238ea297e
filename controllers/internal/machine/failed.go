package machine

import (
	"fmt"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/address"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// CodeNotBought stands in the place of a provider's code when a person has ended
// an attempt.
const CodeNotBought = "not_bought"

// rejected deals with an attempt that provably failed: by the class of its code
// the order tries again, waits for somebody, or ends.
func rejected(s situation) (Action, bool) {
	if s.state() != v1alpha1.SubmissionRejected {
		return Action{}, false
	}
	a, hold := s.afterRejection()
	if s.isTrue(v1alpha1.ConditionFundsReserved) || (hold && final(a.Reason)) {
		// The failed attempt's money is free before anything else happens, and an end
		// is on record before it is shown: a redelivery must not buy what has ended.
		if !hold {
			a = wait(v1alpha1.ReasonRetryScheduled, s.again(), 0)
		}
		return Action{Kind: Release, Reason: a.Reason, Message: a.Message, Final: final(a.Reason)}, true
	}
	return a, hold
}

// afterRejection tells what follows a refusal; false when a new attempt may be
// made now.
func (s situation) afterRejection() (Action, bool) {
	if s.unwanted() {
		return stall(v1alpha1.ReasonCancelled, "Cancelled; nothing was bought."), true
	}
	if s.isRejectedByHand() {
		return stall(v1alpha1.ReasonDenied, rejectedByHand), true
	}
	if r := s.order.Status.Recovery; r != nil && r.AllowedAttempt > s.submission().Attempt {
		return Action{}, false
	}
	if Superseded(s.submission()) {
		return Action{}, false
	}
	if s.submission().ErrorCode == CodeNotBought {
		return stall(v1alpha1.ReasonNeedsDecision, "The attempt was ended by hand as not bought. Ask for retry or reject, or cancel the order."), true
	}
	class := zma.Classify(s.submission().ErrorCode)
	switch class.Class {
	case zma.RetryLater:
		return s.retryLater(class)
	case zma.AwaitFunds:
		if s.fundsRaised() {
			return Action{}, false
		}
		return s.paused(v1alpha1.ReasonAwaitingFunds, "The balance at the provider is too low; the order goes by itself when it suffices.")
	case zma.Operator:
		return stall(v1alpha1.ReasonCredentialsRefused, s.refusal("The account at the provider needs its operator.")), !s.renewed()
	case zma.CustomerAddress:
		return stall(v1alpha1.ReasonAwaitingAddress, s.refusal("Correct spec.shippingAddress; the order then goes by itself.")), !s.addressCorrected()
	case zma.RejectedForGood:
		return stall(v1alpha1.ReasonRejected, s.refusal("It can't be bought as it is.")), true
	case zma.OurFault:
		return stall(v1alpha1.ReasonRequestRefused, s.refusal("The request itself was wrong.")), true
	default:
		return stall(v1alpha1.ReasonNeedsDecision, s.refusal("A person has to decide.")), true
	}
}

func (s situation) retryLater(class zma.CodeClass) (Action, bool) {
	if r := s.order.Status.Recovery; r != nil && r.Rejections >= int64(class.MaxAttempts) {
		return stall(v1alpha1.ReasonRetriesExhausted, s.refusal(fmt.Sprintf("It was refused %d times in a row.", r.Rejections))), true
	}
	return s.paused(v1alpha1.ReasonRetryScheduled, s.refusal("A new attempt is made later."))
}

func (s situation) paused(reason, message string) (Action, bool) {
	p := s.pause()
	return wait(reason, message, p), p > 0
}

// tokenPause keeps an order that is refused for its token, though the provider takes
// that token for other calls, from being sent all the time.
const tokenPause = 15 * time.Minute

// renewed tells whether the provider takes the account's token again. Of a token
// that was refused outright, a reading of the balance since is proof as well: it may
// have been replaced before the account's own poll noticed that it was wrong.
func (s situation) renewed() bool {
	at := s.submission().ResolvedAt
	if at == nil {
		return false
	}
	if s.facts.CredentialsValidSince.After(at.Time) {
		return true
	}
	read := s.facts.Account != nil && s.facts.Account.Status.BalanceAt != nil && s.facts.Account.Status.BalanceAt.After(at.Time)
	return read && s.submission().ErrorCode == "invalid_client_token" && s.now.Sub(at.Time) >= tokenPause
}

// fundsRaised tells whether the balance has been read higher since the refusal.
func (s situation) fundsRaised() bool {
	at := s.submission().ResolvedAt
	return at != nil && s.facts.Account != nil && s.facts.Account.Status.BalanceRaisedAt != nil &&
		s.facts.Account.Status.BalanceRaisedAt.After(at.Time)
}

// refusal names the provider's code, which is for operators and holds no
// personal data.
func (s situation) refusal(then string) string {
	return fmt.Sprintf("The provider refused attempt %d with %s. %s", s.submission().Attempt, s.submission().ErrorCode, then)
}

// addressCorrected tells whether the address differs from the one refused.
func (s situation) addressCorrected() bool {
	sent, now := s.submission().ShippingAddress, s.order.Spec.ShippingAddress
	return now != sent && address.Normalise(now) != sent
}

// final tells whether an order that ends for this reason is never bought.
func final(reason string) bool {
	switch reason {
	case v1alpha1.ReasonCancelled, v1alpha1.ReasonRejected, v1alpha1.ReasonDenied, v1alpha1.ReasonInvalid:
		return true
	}
	return false
}
