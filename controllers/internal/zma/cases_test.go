package zma

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func TestACaseGrows(t *testing.T) {
	c := client(t, simulator(t, zmasim.Options{}).URL())
	order := bought(t, c, zmasim.ProductOK)
	if seen, err := c.Case(t.Context(), order.RequestID); err != nil || seen.State != "" || len(seen.Messages) != 0 {
		t.Errorf("before it is opened: %+v, %v", seen, err)
	}
	_, err := c.OpenCase(t.Context(), order.RequestID, "", "hello")
	failsAs(t, err, "open-case", KindRefused, "invalid_request")
	if _, err = c.OpenCase(t.Context(), order.RequestID, "nondelivery.damaged", "broken"); err != nil {
		t.Fatal(err)
	}
	added, err := c.OpenCase(t.Context(), order.RequestID, "", "see picture")
	if err != nil {
		t.Fatal(err)
	}
	seen, err := c.Case(t.Context(), order.RequestID)
	want := Case{State: "open", Messages: []string{"case.opened.nondelivery.damaged", "case.freetext"}}
	if diff := cmp.Diff(want, seen) + cmp.Diff(want, added); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", diff, err)
	}
	_, err = c.Case(t.Context(), "0123456789abcdef0123456789abcdef")
	failsAs(t, err, "case", KindNotFound, "invalid_request_id")
}

// TestTheRetailersCancellationOpensACase, which nobody has asked for.
func TestTheRetailersCancellationOpensACase(t *testing.T) {
	c := client(t, simulator(t, zmasim.Options{}).URL())
	sent := c.Submit(t.Context(), request(zmasim.ProductRetailerCancel))
	until(t, c, sent.RequestID, func(o Observation) bool { return o.Phase == CancelledByRetailer })
	seen, err := c.Case(t.Context(), sent.RequestID)
	want := Case{State: "open", Messages: []string{"case.opened.cancel.forced_cancellation", "case.refund.full"}}
	if diff := cmp.Diff(want, seen); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", diff, err)
	}
}

func TestCasesReadEveryShape(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   Case
		kind   Kind
	}{
		"none":                         {200, `{"state":null,"messages":[]}`, Case{}, ""},
		"none, without messages":       {200, `{"state":null}`, Case{}, ""},
		"closed":                       {200, `{"state":"Closed","messages":[{"type":"case.closed","message":"Mr Sample agrees"}]}`, Case{State: "closed", Messages: []string{"case.closed"}}, ""},
		"one message as an object":     {200, `{"state":"open","messages":{"type":"case.freetext"}}`, Case{State: "open", Messages: []string{"case.freetext"}}, ""},
		"messages that can't be read":  {200, `{"state":"open","messages":[7,{"type":5},{"type":"Mr Sample"},{"type":"..."},{"type":"` + strings.Repeat("a", 65) + `"},{"type":"case.refund.full"}]}`, Case{State: "open", Messages: []string{"case.refund.full"}}, ""},
		"no state is not no case":      {200, `{"messages":[]}`, Case{}, KindUnreadable},
		"a state that is no word":      {200, `{"state":{"a":1}}`, Case{}, KindUnreadable},
		"an empty object":              {200, `{}`, Case{}, KindUnreadable},
		"an answer that can't be read": {200, `%%%`, Case{}, KindUnreadable},
		"an empty answer":              {200, ``, Case{}, KindUnreadable},
		"an order that is not known":   {404, ``, Case{}, KindNotFound},
		"a refusal":                    {400, `{"_type":"error","code":"no_case_here"}`, Case{}, KindRefused},
		"a refusal with 200":           {200, `{"_type":"error","code":"no_case_here","state":null}`, Case{}, KindRefused},
		"a refused token":              {401, `{"state":null}`, Case{}, KindUnauthorized},
		"too many requests":            {429, ``, Case{}, KindRateLimited},
		"a server error with a case":   {500, `{"state":null}`, Case{}, KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, answerWith(c.status, nil, c.body))
			read, err := s.Case(t.Context(), "abc")
			opened, openErr := s.OpenCase(t.Context(), "abc", "other", "hello")
			if diff := cmp.Diff(c.want, read) + cmp.Diff(c.want, opened); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.kind == "" {
				if err != nil || openErr != nil {
					t.Error(err, openErr)
				}
				return
			}
			failsAs(t, err, "case", c.kind, answerCode([]byte(c.body)))
			if openErr == nil {
				t.Error("OpenCase gives no error")
			}
		})
	}
}

// TestOpenCaseReadsWhatItsAnswerDoesNotShow: the answer is not documented.
func TestOpenCaseReadsWhatItsAnswerDoesNotShow(t *testing.T) {
	var calls []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls = append(calls, r.Method+" "+r.URL.Path+" "+string(body))
		answer := `{"state":"open","messages":[{"type":"case.opened.other"}]}`
		if r.Method == http.MethodPost {
			answer = `{"success":true}`
		}
		answerWith(200, nil, answer)(w, r)
	})
	got, err := c.OpenCase(t.Context(), "abc", "other", "hello")
	if diff := cmp.Diff(Case{State: "open", Messages: []string{"case.opened.other"}}, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", diff, err)
	}
	if _, err := c.OpenCase(t.Context(), "abc", "", "more"); err != nil {
		t.Error(err)
	}
	for _, bad := range [][3]string{{"abc", "", ""}, {"abc", "a b", "hello"}, {"abc", strings.Repeat("a", 65), "hello"}, {"a/b", "other", "hello"}} {
		_, err := c.OpenCase(t.Context(), bad[0], bad[1], bad[2])
		failsAs(t, err, "open-case", KindNotSent, "")
	}
	_, err = c.Case(t.Context(), "a/b")
	failsAs(t, err, "case", KindNotSent, "")
	want := []string{
		`POST /v1/orders/abc/case {"message":"hello","reason":"other"}`, `GET /v1/orders/abc/case `,
		`POST /v1/orders/abc/case {"message":"more"}`, `GET /v1/orders/abc/case `,
	}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestTheLatestMessagesAreKept: the last one says how the case stands.
func TestTheLatestMessagesAreKept(t *testing.T) {
	var messages []string
	for i := range 250 {
		messages = append(messages, fmt.Sprintf(`{"type":"case.n%d"}`, i))
	}
	c := serve(t, answerWith(200, nil, `{"state":"open","messages":[`+strings.Join(messages, ",")+`]}`))
	got, err := c.Case(t.Context(), "abc")
	if err != nil || len(got.Messages) != 200 || got.Messages[0] != "case.n50" || got.Messages[199] != "case.n249" {
		t.Errorf("%d messages, %v", len(got.Messages), err)
	}
}
