package oracle

import "github.com/zma-operator/zma-operator/api/v1alpha1"

// wiped adds what becomes possible when the status is lost: of an attempt that
// provably failed only the ledger knows, so that another one may be made. What
// has ended for good is on record and stays.
func wiped(s Script, ends []End) []End {
	if ClassOf(s.Code) == Rejected || s.Code == "" {
		return ends
	}
	var out []End
	for _, e := range ends {
		if e.Standing != Ready && e.Money == Nothing && !unresolved(e.Reason) {
			e.MaxKeys++
		}
		out = append(out, e)
	}
	if s.Behaviour == FailsOnce && ClassOf(s.Code) != Unknown && !underWay(s.Code) {
		out = append(out, bought(2, 2)...)
	}
	return out
}

func unresolved(reason string) bool {
	return reason == v1alpha1.ReasonResolvingSubmission || reason == v1alpha1.ReasonSubmissionOutcomeUnknown
}

// underWay tells whether an order that shows the code counts as still going on.
func underWay(code string) bool {
	switch ClassOf(code) {
	case InProgress, Undecided, Review:
		return true
	}
	return code == "invalid_request_id"
}

// cancelled gives the ends of an order that somebody wanted to have cancelled at
// any time. What had ended before stays as it was; the rest ends cancelled, or
// was too late to be.
func cancelled(s Script, ends []End) []End {
	out := []End{
		stalled(v1alpha1.ReasonCancelled, Nothing, 0, many),
		// Nothing is sent again for an order that nobody wants, and that no list shows
		// it proves nothing: it waits, even if nothing was sent at all.
		waiting(v1alpha1.ReasonResolvingSubmission, Nothing, 0, many),
	}
	for _, e := range ends {
		switch {
		case e.Standing == Ready:
			e.MinKeys = 1
			out = append(out, e, stalled(v1alpha1.ReasonCancelledAfterPlacement, Returned, 1, e.MaxKeys))
			if s.Recreated {
				// Whoever made the object again did not ask for a cancellation.
				out = append(out, stalled(v1alpha1.ReasonCancelledByRetailer, Returned, 1, e.MaxKeys))
			}
		case e.Reason == v1alpha1.ReasonCancelledByRetailer:
			out = append(out, e, stalled(v1alpha1.ReasonCancelledAfterPlacement, Returned, 1, e.MaxKeys))
		case e.Reason == v1alpha1.ReasonRejected, unresolved(e.Reason):
			out = append(out, e)
		}
	}
	if s.Code == "invalid_request_id" {
		// The provider can't be asked to abort what it says not to know.
		out = append(out, waiting(v1alpha1.ReasonProcessing, Nothing, 1, 1))
	}
	if underWay(s.Code) && s.Behaviour != Refuses {
		out = append(out, waiting(v1alpha1.ReasonCancelling, Nothing, 1, 1))
	}
	return out
}
