package oracle

import "github.com/zma-operator/zma-operator/api/v1alpha1"

// Predict gives the ends that an order may come to after its script. Faults that
// heal are not looked at: whatever they were, they must leave no trace in the end.
func Predict(s Script) []End {
	ends := undisturbed(s)
	if s.Wiped {
		ends = wiped(s, ends)
	}
	if s.Cancelled() {
		ends = cancelled(s, ends)
	}
	return ends
}

// undisturbed are the ends by what the provider does alone.
func undisturbed(s Script) []End {
	switch s.Behaviour {
	case RetailerCancels:
		return []End{stalled(v1alpha1.ReasonCancelledByRetailer, Returned, 1, 1)}
	case Stuck:
		return []End{waiting(v1alpha1.ReasonProcessing, Nothing, 1, 1)}
	case Fails:
		return failed(s.Code)
	case FailsOnce:
		return failedOnce(s.Code)
	case Refuses:
		return refused(s.Code)
	default:
		return bought(1, 1)
	}
}

// failed are the ends of an order whose every attempt ends with a code that is
// read from the order itself.
func failed(code string) []End {
	switch ClassOf(code) {
	case InProgress, Undecided:
		return []End{waiting(v1alpha1.ReasonProcessing, Nothing, 1, 1)}
	case Review:
		return []End{waiting(v1alpha1.ReasonProviderReview, Nothing, 1, 1)}
	case Unknown:
		return []End{stalled(v1alpha1.ReasonSubmissionOutcomeUnknown, Open, 1, 1)}
	case Duplicate:
		// The provider says that it has the order already, and has bought nothing.
		return []End{stalled(v1alpha1.ReasonSubmissionOutcomeUnknown, Nothing, 1, 1)}
	case RetryLater:
		n := int(repeats(code))
		return []End{
			waiting(v1alpha1.ReasonRetryScheduled, Nothing, 1, n),
			stalled(v1alpha1.ReasonRetriesExhausted, Nothing, n, n),
		}
	case OurFault:
		if code == "invalid_request_id" {
			// The documentation says both: that the request was wrong, and that the code
			// never means that an order has failed.
			return []End{waiting(v1alpha1.ReasonProcessing, Nothing, 1, 1), stalled(v1alpha1.ReasonRequestRefused, Nothing, 1, 1)}
		}
	}
	return refusedFor(code)
}

// refusedFor are the ends after proof that nothing was bought.
func refusedFor(code string) []End {
	switch ClassOf(code) {
	case Funds:
		return loop(many, v1alpha1.ReasonAwaitingFunds, v1alpha1.ReasonRetryScheduled, v1alpha1.ReasonSubmitting,
			v1alpha1.ReasonProcessing, v1alpha1.ReasonResolvingSubmission)
	case Operator:
		return operator(code)
	case Address:
		return []End{stalled(v1alpha1.ReasonAwaitingAddress, Nothing, 1, 1)}
	case Rejected:
		return []End{stalled(v1alpha1.ReasonRejected, Nothing, 1, 1)}
	case OurFault:
		return []End{stalled(v1alpha1.ReasonRequestRefused, Nothing, 1, 1)}
	}
	return []End{stalled(v1alpha1.ReasonNeedsDecision, Nothing, 1, 1)}
}

// failedOnce are the ends of an order of which only the first attempt fails.
func failedOnce(code string) []End {
	switch ClassOf(code) {
	case Funds:
		return bought(2, 2)
	case RetryLater:
		// Its pause is longer than a run, unless the provider was away and came back.
		return append(bought(2, 2), waiting(v1alpha1.ReasonRetryScheduled, Nothing, 1, 1))
	case Operator:
		if code == "invalid_client_token" {
			return append(bought(2, 2), operator(code)...)
		}
	}
	return failed(code)
}

// operator are the ends of an order that waits for the account's operator. Whether
// the token is taken shows without the operator, so that such an order may try
// again.
func operator(code string) []End {
	end := stalled(v1alpha1.ReasonCredentialsRefused, Nothing, 1, 1)
	if code != "invalid_client_token" {
		return []End{end}
	}
	end.MaxKeys = many
	return append(loop(many, v1alpha1.ReasonRetryScheduled, v1alpha1.ReasonSubmitting, v1alpha1.ReasonProcessing,
		v1alpha1.ReasonResolvingSubmission), end)
}

// refused are the ends of an order whose paid call is answered with a code. A
// code that does not say that nothing was bought proves nothing: the call is
// repeated under its key for as long as it gets that answer.
func refused(code string) []End {
	unresolved := append(loop(1, v1alpha1.ReasonResolvingSubmission, v1alpha1.ReasonSubmitting),
		stalled(v1alpha1.ReasonSubmissionOutcomeUnknown, Nothing, 1, 1))
	switch ClassOf(code) {
	case InProgress, Undecided, Review, Unknown, RetryLater, Duplicate:
		return unresolved
	case Operator:
		// A refused token says nothing about an earlier call of the same attempt.
		return append(refusedFor(code), unresolved...)
	case OwnEnd, Person:
		if !documented(code) || code == "aborted_request" {
			return append(refusedFor(code), unresolved...)
		}
	}
	return refusedFor(code)
}

// documented tells whether the documentation lists a code.
func documented(code string) bool { return code != "unheard_of_code" }
