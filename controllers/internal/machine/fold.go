package machine

import (
	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

// Fold tells what is known about an attempt once a call of it has ended.
//
// What one call proves is not what the attempt proves: when an earlier call may
// have reached the provider, that this one did not says nothing about the
// earlier. s.Sends counts this call too.
func Fold(s v1alpha1.Submission, r zma.SubmitResult) v1alpha1.SubmissionState {
	onlyCall := s.Sends <= 1
	switch r.Verdict {
	case zma.Accepted:
		return v1alpha1.SubmissionAccepted
	case zma.NotSent:
		if onlyCall {
			return v1alpha1.SubmissionNotSent
		}
	case zma.Rejected:
		// A refused token refuses this call alone; any other documented refusal is
		// the answer that the key has had since its first call.
		if onlyCall || r.Class != zma.Operator {
			return v1alpha1.SubmissionRejected
		}
	}
	return v1alpha1.SubmissionUnknown
}
