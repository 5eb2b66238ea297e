package machine

import (
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

func TestFold(t *testing.T) {
	for name, c := range map[string]struct {
		sends  int64
		result zma.SubmitResult
		want   v1alpha1.SubmissionState
	}{
		"an accepted first call":                                  {1, zma.SubmitResult{Verdict: zma.Accepted}, v1alpha1.SubmissionAccepted},
		"an accepted repeat":                                      {3, zma.SubmitResult{Verdict: zma.Accepted}, v1alpha1.SubmissionAccepted},
		"a first call that was not sent":                          {1, zma.SubmitResult{Verdict: zma.NotSent}, v1alpha1.SubmissionNotSent},
		"a repeat that was not sent proves nothing of the first":  {2, zma.SubmitResult{Verdict: zma.NotSent}, v1alpha1.SubmissionUnknown},
		"a refused first call":                                    {1, zma.SubmitResult{Verdict: zma.Rejected, Class: zma.RejectedForGood}, v1alpha1.SubmissionRejected},
		"a refused repeat is the answer that the key always had":  {2, zma.SubmitResult{Verdict: zma.Rejected, Class: zma.OurFault}, v1alpha1.SubmissionRejected},
		"a refused token on the first call":                       {1, zma.SubmitResult{Verdict: zma.Rejected, Class: zma.Operator}, v1alpha1.SubmissionRejected},
		"a refused token on a repeat proves nothing of the first": {2, zma.SubmitResult{Verdict: zma.Rejected, Class: zma.Operator}, v1alpha1.SubmissionUnknown},
		"no answer":                     {1, zma.SubmitResult{Verdict: zma.Unknown}, v1alpha1.SubmissionUnknown},
		"a verdict that does not exist": {1, zma.SubmitResult{Verdict: "?"}, v1alpha1.SubmissionUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Fold(v1alpha1.Submission{Sends: c.sends}, c.result); got != c.want {
				t.Errorf("Fold = %s, want %s", got, c.want)
			}
		})
	}
}
