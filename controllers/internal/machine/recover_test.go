package machine

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestParseRequest(t *testing.T) {
	for value, want := range map[string]Request{
		"now":                     {Verb: Now},
		" resolve@monday ":        {Verb: ResolveNow},
		"resolve:not-bought":      {Verb: NotBought},
		"resolve:not-bought@2":    {Verb: NotBought},
		"adopt:0a1b2c@x":          {Verb: Adopt, Argument: "0a1b2c"},
		"retry@2026-03-01T12:00Z": {Verb: Retry},
		"approve":                 {Verb: Approve},
		"reject@a@b":              {Verb: Reject},
		"abandon":                 {Verb: Abandon},
	} {
		if got, err := ParseRequest(value); err != nil || got != want {
			t.Errorf("ParseRequest(%q) = %+v, %v; want %+v", value, got, err, want)
		}
	}
	for _, value := range []string{"", "@", "buy", "NOW", "adopt", "adopt:", "retry:now", "resolve:bought", "now:then"} {
		if got, err := ParseRequest(value); err == nil {
			t.Errorf("ParseRequest(%q) = %+v, want an error", value, got)
		}
	}
}

func TestALongRequestIsKeptByItsHash(t *testing.T) {
	long := "now@" + strings.Repeat("x", 300)
	kept := Handled(long)
	if len(kept) > 256 || kept == Handled(long+"y") || Handled("now") != "now" {
		t.Errorf("kept %q", kept)
	}
}

func TestRefusal(t *testing.T) {
	const (
		accepted = v1alpha1.SubmissionAccepted
		refused  = v1alpha1.SubmissionRejected
		notSent  = v1alpha1.SubmissionNotSent
		unknown  = v1alpha1.SubmissionUnknown
	)
	sentAt := func(at time.Time) func(*v1alpha1.Submission) {
		return func(s *v1alpha1.Submission) { s.IntentAt = metav1.NewTime(at) }
	}
	old := sentAt(t0.Add(-time.Hour))
	for name, c := range map[string]struct {
		order *v1alpha1.ZMAOrder
		verb  Verb
		ok    bool
	}{
		"now takes up an order that waits":                  {order(attempt(1, notSent)), Now, true},
		"now has nothing to take up of an ended order":      {order(stalled(v1alpha1.ReasonRejected)), Now, false},
		"resolve needs an unknown outcome":                  {order(attempt(1, accepted)), ResolveNow, false},
		"resolve looks an unknown outcome up":               {order(attempt(1, unknown)), ResolveNow, true},
		"not-bought ends an old unknown attempt":            {order(attempt(1, unknown, old)), NotBought, true},
		"not-bought waits for a call that may be under way": {order(attempt(1, unknown, sentAt(t0.Add(-time.Second)))), NotBought, false},
		"not-bought can't end what was accepted":            {order(attempt(1, accepted, old)), NotBought, false},
		"not-bought has nothing to end before a submission": {order(), NotBought, false},
		"adopt takes over an unknown attempt":               {order(attempt(1, unknown)), Adopt, true},
		"adopt takes over what was thought to have failed":  {order(attempt(1, refused)), Adopt, true},
		"adopt does not replace an accepted order":          {order(attempt(1, accepted)), Adopt, false},
		"adopt does not replace a placed order":             {order(attempt(1, accepted), placement), Adopt, false},
		"adopt needs a submission":                          {order(), Adopt, false},
		"retry follows proven failure":                      {order(attempt(1, refused, code("max_price_exceeded"))), Retry, true},
		"retry never follows an unknown outcome":            {order(attempt(1, unknown)), Retry, false},
		"retry never follows an acceptance":                 {order(attempt(1, accepted)), Retry, false},
		"retry never follows a placement":                   {order(attempt(1, accepted), placement), Retry, false},
		"retry can't bring back an ended order":             {order(attempt(1, refused, code("product_unavailable")), stalled(v1alpha1.ReasonRejected)), Retry, false},
		"retry is nothing for what was not sent":            {order(attempt(1, notSent)), Retry, false},
		"retry is nothing for a cancelled order":            {order(attempt(1, refused), cancel), Retry, false},
		"approve is for orders that await approval":         {order(stalled(v1alpha1.ReasonAwaitingApproval)), Approve, true},
		"approve is nothing for a denied order":             {order(stalled(v1alpha1.ReasonDenied)), Approve, false},
		"reject ends an order that awaits approval":         {order(stalled(v1alpha1.ReasonAwaitingApproval)), Reject, true},
		"reject ends an order that failed":                  {order(attempt(1, refused)), Reject, true},
		"reject never ends what may have been bought":       {order(attempt(1, unknown)), Reject, false},
		"reject never ends what was accepted":               {order(attempt(1, accepted)), Reject, false},
		"reject is nothing for an ended order":              {order(stalled(v1alpha1.ReasonCancelled)), Reject, false},
		"abandon works in any state":                        {order(attempt(1, unknown), deleted), Abandon, true},
		"abandon works once":                                {order(abandonedByHand), Abandon, false},
	} {
		refusal := Refusal(c.order, Request{Verb: c.verb, Argument: "r"}, 20*time.Second, t0)
		if (refusal == "") != c.ok {
			t.Errorf("%s: refusal %q", name, refusal)
		}
	}
}
