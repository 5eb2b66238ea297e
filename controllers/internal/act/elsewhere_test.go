package act

import (
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
)

const identityAsked = "shop/manual/o"

func accepted(at time.Time) *v1alpha1.Submission { return sent(v1alpha1.SubmissionAccepted, "r1", at) }

func doubtful(code string) *v1alpha1.Submission {
	sub := sent(v1alpha1.SubmissionUnknown, "r1", noon.Add(-48*time.Hour))
	sub.ErrorCode = code
	return sub
}

func TestARequestThatTheProviderForgot(t *testing.T) {
	late, soon := noon.Add(-25*time.Hour), noon.Add(-23*time.Hour)
	for name, c := range map[string]struct {
		provider shelf
		since    time.Time
		state    v1alpha1.SubmissionState
		request  string
	}{
		"may still be queued":               {shelf{}, soon, v1alpha1.SubmissionAccepted, "r1"},
		"is in doubt after the window":      {shelf{}, late, v1alpha1.SubmissionUnknown, "r1"},
		"is in the list all the same":       {shelf{listed: []zma.Observation{{RequestID: "r1", Key: "key"}}}, late, v1alpha1.SubmissionAccepted, "r1"},
		"goes on under another one":         {shelf{listed: []zma.Observation{{RequestID: "r2", Key: "key"}}}, late, v1alpha1.SubmissionAccepted, "r2"},
		"goes on as our notes say":          {shelf{listed: []zma.Observation{{RequestID: "r2", Identity: identityAsked, Attempt: 1}}}, late, v1alpha1.SubmissionAccepted, "r2"},
		"is not replaced by another's":      {shelf{listed: []zma.Observation{{RequestID: "r2", Key: "other", Identity: identityAsked, Attempt: 1}}}, late, v1alpha1.SubmissionUnknown, "r1"},
		"nor by one that can't be read":     {shelf{listed: []zma.Observation{{Key: "key"}}}, late, v1alpha1.SubmissionUnknown, "r1"},
		"says nothing while nobody answers": {shelf{err: &zma.CallError{Kind: zma.KindUnavailable}}, late, v1alpha1.SubmissionAccepted, "r1"},
	} {
		x, task := recallBench(t, accepted(c.since), &recollection{}, &c.provider)
		if err := x.observe(t.Context(), task, machine.Action{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sub := task.Order.Status.Submission
		if sub.State != c.state || sub.RequestID != c.request || machine.Forgotten(sub) != (c.state == v1alpha1.SubmissionUnknown) {
			t.Errorf("%s: %+v", name, sub)
		}
	}
}

func TestAForgottenRequestThatIsKnownAgainIsFollowed(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		s := &shelf{reads: map[string]zma.Observation{"r1": {RequestID: "r1", Phase: zma.Processing}}}
		x, task := recallBench(t, doubtful(machine.CodeForgotten), &recollection{}, s)
		task.Order.Spec.Cancel = cancel
		if err := x.observe(t.Context(), task, machine.Action{}); err != nil {
			t.Fatal(err)
		}
		if sub := task.Order.Status.Submission; sub.State != v1alpha1.SubmissionAccepted || sub.ErrorCode != "" {
			t.Errorf("cancelled %v: %+v", cancel, sub)
		}
	}
}

// TestADuplicateIsLookedUp: neither is its money given back, nor is it tried again.
func TestADuplicateIsLookedUp(t *testing.T) {
	own := zma.Observation{RequestID: "r1", Key: "key", Phase: zma.Failed, Code: "duplicate_order", Class: zma.Duplicate}
	for name, c := range map[string]struct {
		other   zma.Observation
		request string
	}{
		"nothing else is listed":                   {zma.Observation{}, "r1"},
		"another order of this key":                {zma.Observation{RequestID: "r2", Key: "key", Phase: zma.Processing}, "r2"},
		"an order of an earlier attempt":           {zma.Observation{RequestID: "r2", Key: "earlier", Identity: identityAsked, Attempt: 1, Phase: zma.Placed}, "r2"},
		"an earlier attempt that has failed":       {zma.Observation{RequestID: "r2", Key: "earlier", Identity: identityAsked, Attempt: 1, Phase: zma.Failed}, "r1"},
		"an order of another identity is not ours": {zma.Observation{RequestID: "r2", Key: "theirs", Identity: "shop/manual/p", Attempt: 1, Phase: zma.Placed}, "r1"},
	} {
		s := &shelf{reads: map[string]zma.Observation{"r1": own}, listed: []zma.Observation{own, c.other}}
		x, task := recallBench(t, accepted(noon), &recollection{}, s)
		if err := x.observe(t.Context(), task, machine.Action{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sub := task.Order.Status.Submission
		if found := c.request != "r1"; sub.RequestID != c.request || machine.Duplicated(sub) == found {
			t.Errorf("%s: %+v", name, sub)
		}
		if task.Order.Status.Recovery != nil && task.Order.Status.Recovery.Rejections != 0 {
			t.Errorf("%s: counted as a refusal", name)
		}
	}
}

// TestDoubtIsClearedByEvidenceAlone asks for resolve and resolve:not-bought.
func TestDoubtIsClearedByEvidenceAlone(t *testing.T) {
	duplicate := zma.Observation{RequestID: "r1", Key: "key", Phase: zma.Failed, Code: "duplicate_order", Class: zma.Duplicate}
	live := zma.Observation{RequestID: "r2", Key: "key", Phase: zma.Processing}
	for name, c := range map[string]struct {
		code     string
		provider shelf
		result   string
		state    v1alpha1.SubmissionState
		ended    bool // by resolve:not-bought
	}{
		"forgotten, and nowhere":         {machine.CodeForgotten, shelf{}, "no other order", v1alpha1.SubmissionUnknown, true},
		"forgotten, and known again":     {machine.CodeForgotten, shelf{reads: map[string]zma.Observation{"r1": {RequestID: "r1", Phase: zma.Processing}}}, "knows request r1 again", v1alpha1.SubmissionAccepted, false},
		"forgotten, and listed":          {machine.CodeForgotten, shelf{listed: []zma.Observation{{RequestID: "r1", Key: "key"}}}, "under its own request", v1alpha1.SubmissionUnknown, false},
		"forgotten, and elsewhere":       {machine.CodeForgotten, shelf{listed: []zma.Observation{live}}, "as request r2", v1alpha1.SubmissionAccepted, false},
		"nobody answers":                 {machine.CodeForgotten, shelf{err: &zma.CallError{Kind: zma.KindUnavailable}}, "could not be asked", v1alpha1.SubmissionUnknown, false},
		"a duplicate of nothing that is": {"duplicate_order", shelf{reads: map[string]zma.Observation{"r1": duplicate}, listed: []zma.Observation{duplicate}}, "no other order", v1alpha1.SubmissionUnknown, true},
		"a duplicate, and its original":  {"duplicate_order", shelf{reads: map[string]zma.Observation{"r1": duplicate}, listed: []zma.Observation{duplicate, live}}, "as request r2", v1alpha1.SubmissionAccepted, false},
	} {
		x, task := recallBench(t, doubtful(c.code), &recollection{}, &c.provider)
		result, _, err := x.resolveNow(t.Context(), task, machine.Request{})
		if err != nil || !strings.Contains(result, c.result) || task.Order.Status.Submission.State != c.state {
			t.Errorf("%s: resolve: %q, %v, %+v", name, result, err, task.Order.Status.Submission)
		}
		x, task = recallBench(t, doubtful(c.code), &recollection{}, &c.provider)
		result, done, err := x.notBought(t.Context(), task, machine.Request{})
		ended := task.Order.Status.Submission.State == v1alpha1.SubmissionRejected
		if err != nil || done != c.ended || ended != c.ended {
			t.Errorf("%s: resolve:not-bought: %q, %v, %+v", name, result, err, task.Order.Status.Submission)
		}
	}
}

func TestAdoptOfAnOrderInDoubtNeedsItsKeyOrNotes(t *testing.T) {
	for name, c := range map[string]struct {
		code  string
		seen  zma.Observation
		taken bool
	}{
		"its key":                              {machine.CodeForgotten, zma.Observation{RequestID: "r2", Key: "key", Phase: zma.Processing}, true},
		"its notes":                            {machine.CodeForgotten, zma.Observation{RequestID: "r2", Identity: identityAsked, Attempt: 1, Phase: zma.Processing}, true},
		"another key":                          {machine.CodeForgotten, zma.Observation{RequestID: "r2", Key: "other", Identity: identityAsked, Attempt: 1, Phase: zma.Processing}, false},
		"a duplicate of an earlier attempt":    {"duplicate_order", zma.Observation{RequestID: "r2", Key: "other", Identity: identityAsked, Attempt: 1, Phase: zma.Processing}, true},
		"a duplicate of what failed as well":   {"duplicate_order", zma.Observation{RequestID: "r2", Key: "other", Identity: identityAsked, Phase: zma.Failed}, false},
		"a duplicate of another identity's":    {"duplicate_order", zma.Observation{RequestID: "r2", Key: "other", Identity: "shop/manual/p", Phase: zma.Processing}, false},
		"the provider does not know it either": {machine.CodeForgotten, zma.Observation{RequestID: "r3"}, false},
	} {
		s := &shelf{reads: map[string]zma.Observation{c.seen.RequestID: c.seen}}
		x, task := recallBench(t, doubtful(c.code), &recollection{}, s)
		result, done, err := x.adopt(t.Context(), task, machine.Request{Verb: machine.Adopt, Argument: "r2"})
		if err != nil || done != c.taken || (task.Order.Status.Submission.RequestID == "r2") != c.taken {
			t.Errorf("%s: %q, %v, %+v", name, result, err, task.Order.Status.Submission)
		}
	}
}
