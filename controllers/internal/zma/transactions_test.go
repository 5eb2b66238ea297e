package zma

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func TestTransactionsReadEveryShape(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 22, 31, 0, time.UTC)
	debit := Transaction{ID: "t1", Type: "order", AmountCents: -5349, RequestID: "abc", CreatedAt: at}
	const entry = `{"id":"t1","type":"order","amount":-5349,"request_id":"abc","created_at":"2026-03-01T10:22:31Z"}`
	for name, c := range map[string]struct {
		body string
		want []Transaction
	}{
		"wrapped":                             {`{"transactions":[` + entry + `]}`, []Transaction{debit}},
		"a bare list":                         {`[` + entry + `]`, []Transaction{debit}},
		"none":                                {`[]`, []Transaction{}},
		"by other names":                      {`[{"id":"t1","type":"order","amount":"-5349","order_id":"abc","_created_at":1772360551000}]`, []Transaction{debit}},
		"a time with an offset":               {`[{"id":"t1","type":"order","amount":-5349.00,"request_id":"abc","created_at":"2026-03-01T11:22:31+01:00"}]`, []Transaction{debit}},
		"an ID that is a number":              {`[{"id":7,"amount":1}]`, []Transaction{{ID: "7", AmountCents: 1}}},
		"odd fields beside the amount":        {`[{"id":{},"type":7,"amount":1,"request_id":"a/b","created_at":"soon"}]`, []Transaction{{AmountCents: 1}}},
		"seconds are no milliseconds":         {`[{"amount":1,"created_at":1772360551}]`, []Transaction{{AmountCents: 1}}},
		"a time that no year can name":        {`[{"amount":1,"created_at":9000000000000000000}]`, []Transaction{{AmountCents: 1}}},
		"without an amount that can be read":  {`[{"id":"t0","amount":"1.50"},{"id":"t0","amount":null},{"id":"t0"},7,"x",null,` + entry + `]`, []Transaction{debit}},
		"texts that no status could hold":     {`[{"id":"` + strings.Repeat("i", 129) + `","type":"` + strings.Repeat("t", 65) + `","amount":1}]`, []Transaction{{Type: strings.Repeat("t", 64), AmountCents: 1}}},
		"fields that nobody knows disturb no": {`{"transactions":[` + entry + `],"total":1}`, []Transaction{debit}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, answerWith(200, nil, c.body)).Transactions(t.Context(), 100, 0)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("Transactions (-want +got):\n%s%v", diff, err)
			}
		})
	}
}

func TestTransactionsAndRefundsTellErrorsFromNone(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
	}{
		"an answer that can't be read": {200, `%%%`, KindUnreadable},
		"an answer without a list":     {200, `{"transactions":null}`, KindUnreadable},
		"an empty object":              {200, `{}`, KindUnreadable},
		"a refusal":                    {200, `{"_type":"error","code":"not_for_you"}`, KindRefused},
		"a refused token":              {401, `[]`, KindUnauthorized},
		"too many requests":            {429, ``, KindRateLimited},
		"a server error with a list":   {500, `[]`, KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, answerWith(c.status, nil, c.body))
			_, err := s.Transactions(t.Context(), 100, 0)
			failsAs(t, err, "transactions", c.kind, answerCode([]byte(c.body)))
			got, err := s.Refunds(t.Context(), "abc", time.Unix(0, 0))
			failsAs(t, err, "transactions", c.kind, answerCode([]byte(c.body)))
			if got != nil {
				t.Errorf("Refunds = %+v", got)
			}
		})
	}
}

func TestTransactionsAskForAPage(t *testing.T) {
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		answerWith(200, nil, `[]`)(w, r)
	})
	for _, page := range [][2]int{{50, 100}, {0, -1}} {
		if _, err := c.Transactions(t.Context(), page[0], page[1]); err != nil {
			t.Error(err)
		}
	}
	want := []string{"/v1/addax/transactions?count=50&offset=100", "/v1/addax/transactions?count=1&offset=0"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

// TestTransactionsAddUp: what the provider says of an order's money is read with
// its sign.
func TestTransactionsAddUp(t *testing.T) {
	sim := simulator(t, zmasim.Options{})
	c := client(t, sim.URL())
	order := bought(t, c, zmasim.ProductCancelDirect)
	id, err := c.Cancel(t.Context(), order.RequestID, order.MerchantOrderIDs[0])
	if err != nil {
		t.Fatal(err)
	}
	ended(t, c, id)
	got, err := c.Transactions(t.Context(), 100, 0)
	if err != nil || len(got) != 2 || got[0].AmountCents != order.Price.TotalCents || got[1].AmountCents != -order.Price.TotalCents {
		t.Fatalf("Transactions = %+v, %v, want a refund and a debit of %d", got, err, order.Price.TotalCents)
	}
	for _, m := range got {
		if m.RequestID != order.RequestID || m.ID == "" || time.Since(m.CreatedAt).Abs() > time.Minute {
			t.Errorf("movement %+v", m)
		}
	}
}
