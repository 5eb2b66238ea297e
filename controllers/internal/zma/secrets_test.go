package zma

import (
	"strings"
	"testing"
	"time"
)

// TestNoErrorOfAnyCallHoldsWhatTheAnswerEchoes: answers echo the client token, and
// cases name people.
func TestNoErrorOfAnyCallHoldsWhatTheAnswerEchoes(t *testing.T) {
	for _, body := range []string{
		`{"_type":"error","code":"invalid_request_id","message":"Ada Sample","request":{"client_token":"` + token + `"}}`,
		`{"_type":"` + token + `","message":"Ada Sample"}`,
		`"` + token + ` Ada Sample"`,
	} {
		c := serve(t, answerWith(200, nil, body))
		for name, call := range map[string]func() error{
			"list":         func() error { return c.List(t.Context(), time.Unix(0, 0), func(Observation) bool { return true }) },
			"retry":        func() error { _, err := c.Retry(t.Context(), "abc", retryKey); return err },
			"cancel":       func() error { _, err := c.Cancel(t.Context(), "abc", "112-1"); return err },
			"cancellation": func() error { _, err := c.Cancellation(t.Context(), "abc"); return err },
			"case":         func() error { _, err := c.Case(t.Context(), "abc"); return err },
			"open-case":    func() error { _, err := c.OpenCase(t.Context(), "abc", "other", "Ada Sample"); return err },
			"return":       func() error { _, err := c.Return(t.Context(), "abc", oneBack("B000000001")); return err },
			"returned":     func() error { _, err := c.Returned(t.Context(), "abc"); return err },
			"transactions": func() error { _, err := c.Transactions(t.Context(), 1, 0); return err },
			"refunds":      func() error { _, err := c.Refunds(t.Context(), "abc", time.Unix(0, 0)); return err },
		} {
			err := call()
			if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "Ada") {
				t.Errorf("%s: error %v", name, err)
			}
		}
	}
}
