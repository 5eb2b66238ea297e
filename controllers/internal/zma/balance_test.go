package zma

import (
	"errors"
	"net/http/httptest"
	"testing"
)

// TestBalanceIsReadOrRefusedNeverGuessed: an unreadable balance is not a balance
// of nothing, which would hold every order.
func TestBalanceIsReadOrRefusedNeverGuessed(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   Balance
		kind   Kind
	}{
		"what is available counts":          {200, `{"balance":900,"available_balance":700,"pending_charges":200}`, Balance{700, 200}, ""},
		"the balance less what is pending":  {200, `{"balance":900,"pending_charges":200}`, Balance{700, 200}, ""},
		"the balance alone":                 {200, `{"balance":900,"currency":"USD"}`, Balance{900, 0}, ""},
		"a balance in another currency":     {200, `{"balance":900,"currency":"EUR"}`, Balance{}, KindUnreadable},
		"nothing left is a balance":         {200, `{"balance":0}`, Balance{}, ""},
		"a debt is a balance":               {200, `{"available_balance":-5}`, Balance{-5, 0}, ""},
		"a number in quotes":                {200, `{"balance":"900"}`, Balance{900, 0}, ""},
		"zeros after the point":             {200, `{"balance":900.00}`, Balance{900, 0}, ""},
		"odd charges do not hide it":        {200, `{"balance":900,"pending_charges":{"a":1}}`, Balance{900, 0}, ""},
		"a fraction of a cent is no amount": {200, `{"balance":900.5}`, Balance{}, KindUnreadable},
		"an amount beyond 64 bits":          {200, `{"balance":99999999999999999999}`, Balance{}, KindUnreadable},
		"null":                              {200, `{"balance":null}`, Balance{}, KindUnreadable},
		"another shape":                     {200, `{"account":"open"}`, Balance{}, KindUnreadable},
		"no JSON":                           {200, `900`, Balance{}, KindUnreadable},
		"a refused token":                   {200, `{"_type":"error","code":"invalid_client_token"}`, Balance{}, KindUnauthorized},
		"an account without a balance":      {403, ``, Balance{}, KindUnauthorized},
		"a balance under a server error":    {500, `{"balance":900}`, Balance{}, KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answerWith(c.status, nil, c.body))
			t.Cleanup(s.Close)
			got, err := client(t, s.URL).Balance(t.Context())
			var call *CallError
			if errors.As(err, &call) != (c.kind != "") || call != nil && call.Kind != c.kind {
				t.Fatalf("Balance: %v, want kind %q", err, c.kind)
			}
			if got != c.want {
				t.Errorf("Balance = %+v, want %+v", got, c.want)
			}
		})
	}
}
