package oracle_test

import (
	"slices"
	"testing"

	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func reasons(s oracle.Script) []string {
	var out []string
	for _, e := range oracle.Predict(s) {
		if !slices.Contains(out, e.Reason) {
			out = append(out, e.Reason)
		}
	}
	slices.Sort(out)
	return out
}

func TestPredictionsFollowTheDocumentation(t *testing.T) {
	placed := []string{"Delivered", "Placed", "Shipped"}
	once := failing("insufficient_zma_balance")
	once.Behaviour = oracle.FailsOnce
	wiped := failing("max_price_exceeded")
	wiped.Behaviour, wiped.Wiped = oracle.FailsOnce, true
	for why, c := range map[string]struct {
		script oracle.Script
		want   []string
	}{
		"bought":                                   {one(), placed},
		"goods that are gone":                      {failing("product_unavailable"), []string{"Rejected"}},
		"a price for a person":                     {failing("max_price_exceeded"), []string{"NeedsDecision"}},
		"an address for the customer":              {failing("invalid_address"), []string{"AwaitingAddress"}},
		"an account for its operator":              {failing("account_locked"), []string{"CredentialsRefused"}},
		"our own mistake":                          {failing("invalid_json"), []string{"RequestRefused"}},
		"perhaps placed":                           {failing("order_probably_placed"), []string{"SubmissionOutcomeUnknown"}},
		"perhaps a duplicate":                      {failing("duplicate_order"), []string{"SubmissionOutcomeUnknown"}},
		"a code of next year":                      {failing("unheard_of_code"), []string{"NeedsDecision"}},
		"may pass":                                 {failing("internal_error"), []string{"RetriesExhausted", "RetryScheduled"}},
		"no funds at first":                        {once, placed},
		"lost its status after it provably failed": {wiped, append([]string{"Delivered", "NeedsDecision"}, "Placed", "Shipped")},
		"cancelled at some time":                   {cancelledOrder(), []string{"Cancelled", "CancelledAfterPlacement", "Delivered", "Placed", "ResolvingSubmission", "Shipped"}},
	} {
		if got := reasons(c.script); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", why, got, c.want)
		}
	}
}

// TestEveryCodeIsPredicted has an end for each code of the simulator in each form,
// and none of them is a purchase where the code says that there was none.
func TestEveryCodeIsPredicted(t *testing.T) {
	for _, code := range zmasim.Codes() {
		for _, b := range []oracle.Behaviour{oracle.Fails, oracle.FailsOnce, oracle.Refuses} {
			s := failing(code)
			s.Behaviour = b
			ends := oracle.Predict(s)
			if len(ends) == 0 {
				t.Errorf("%s %s: no end", b, code)
			}
			for _, e := range ends {
				if b != oracle.FailsOnce && e.Standing == oracle.Ready {
					t.Errorf("%s %s may end %s", b, code, e)
				}
			}
		}
	}
}

// TestTheRetriesOfACodeAreCounted allows as many attempts as the documentation
// does.
func TestTheRetriesOfACodeAreCounted(t *testing.T) {
	for code, want := range map[string]int{"internal_error": 3, "zma_temporarily_overloaded": 3, "amazon_antibot_blank_offers_page": 2} {
		for _, e := range oracle.Predict(failing(code)) {
			if e.MaxKeys != want {
				t.Errorf("%s: %d attempts, want %d", code, e.MaxKeys, want)
			}
		}
	}
}
