package zma

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func oneBack(product string) ReturnRequest {
	return ReturnRequest{Products: map[string]int32{product: 1}, ReasonCode: "defective", MethodCode: "UPS Dropoff", Explanation: "broken"}
}

func TestReturnsGoTheirWay(t *testing.T) {
	sim := simulator(t, zmasim.Options{Processing: passing})
	c := client(t, sim.URL())
	order := bought(t, c, zmasim.ProductOK)
	id, err := c.Return(t.Context(), order.RequestID, oneBack(zmasim.ProductOK))
	if err != nil {
		t.Fatal(err)
	}
	if seen, err := c.Returned(t.Context(), id); err != nil || !seen.Pending {
		t.Errorf("at first %+v, %v", seen, err)
	}
	_, err = c.Return(t.Context(), order.RequestID, oneBack(zmasim.ProductOK))
	failsAs(t, err, "return", KindRefused, "return_in_progress")
	_, err = c.Return(t.Context(), order.RequestID, oneBack(zmasim.ProductSplit))
	failsAs(t, err, "return", KindRefused, "invalid_request")
	for deadline := time.Now().Add(time.Minute); ; {
		seen, err := c.Returned(t.Context(), id)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the return stays as %+v, %v", seen, err)
		}
		if seen.Pending {
			<-time.After(2 * time.Millisecond) // leaves the processor to the simulator
			continue
		}
		if seen.Code != "" || seen.MerchantReturnID == "" || len(seen.LabelURLs) != 1 {
			t.Errorf("ended as %+v", seen)
		}
		return
	}
}

func TestReturnedReadsEveryShape(t *testing.T) {
	failure := func(code string) string { return `{"_type":"error","code":"` + code + `","request_id":"xyz"}` }
	long := strings.Repeat("x", 1025)
	for name, c := range map[string]struct {
		status int
		body   string
		want   Return
		kind   Kind
	}{
		"accepted":                        {200, `{"_type":"return_response","merchant_return_id":"D1","label_urls":["https://a/1","https://a/2"]}`, Return{MerchantReturnID: "D1", LabelURLs: []string{"https://a/1", "https://a/2"}}, ""},
		"with one label alone":            {200, `{"_type":"return_response","label_urls":"https://a/1"}`, Return{LabelURLs: []string{"https://a/1"}}, ""},
		"with labels that can't be read":  {200, `{"_type":"return_response","merchant_return_id":5,"label_urls":[7,"","` + long + `"]}`, Return{}, ""},
		"processing":                      {200, failure("request_processing"), Return{Pending: true}, ""},
		"in progress":                     {200, `{"_type":"error","code":"return_in_progress","data":{"status":{"status":"x"}}}`, Return{Pending: true}, ""},
		"refused":                         {200, failure("return_window_closed"), Return{Code: "return_window_closed"}, ""},
		"refused with 400":                {400, failure("return_window_closed"), Return{Code: "return_window_closed"}, ""},
		"not known":                       {200, failure("invalid_request_id"), Return{}, KindNotFound},
		"a refused token":                 {403, failure("return_window_closed"), Return{}, KindUnauthorized},
		"too many requests":               {429, ``, Return{}, KindRateLimited},
		"a server error":                  {500, failure("return_window_closed"), Return{}, KindUnavailable},
		"an outage":                       {200, `{"_type":"error","code":"internal_error"}`, Return{}, KindUnavailable},
		"a cancellation's answer is none": {200, `{"_type":"cancellation_response"}`, Return{}, KindUnreadable},
		"an answer that can't be read":    {200, `%%%`, Return{}, KindUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, answerWith(c.status, nil, c.body)).Returned(t.Context(), "xyz")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Returned (-want +got):\n%s", diff)
			}
			if c.kind != "" {
				failsAs(t, err, "returned", c.kind, answerCode([]byte(c.body)))
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLabelsAreBounded(t *testing.T) {
	c := serve(t, answerWith(200, nil, `{"_type":"return_response","label_urls":[`+strings.Repeat(`"https://a/1",`, 60)+`"https://a/2"]}`))
	if got, err := c.Returned(t.Context(), "xyz"); err != nil || len(got.LabelURLs) != maxLabels {
		t.Errorf("%d labels, %v", len(got.LabelURLs), err)
	}
}

func TestTheReturnOnTheWire(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want := `{"products":[{"product_id":"B000000001","quantity":2},{"product_id":"B000000002","quantity":1}],"reason_code":"defective","method_code":"UPS Dropoff","explanation":"broken"}`
		if r.Method != http.MethodPost || r.URL.Path != "/v1/orders/abc/return" || string(body) != want || !json.Valid(body) {
			t.Errorf("%s %s %s", r.Method, r.URL.Path, body)
		}
		answerWith(200, nil, `{"request_id":"xyz"}`)(w, r)
	})
	two := oneBack("B000000002")
	two.Products["B000000001"] = 2
	if id, err := c.Return(t.Context(), "abc", two); err != nil || id != "xyz" {
		t.Errorf("Return = %q, %v", id, err)
	}
	for reason, bad := range map[string]map[string]int32{
		"nothing": nil, "no quantity": {"B000000001": 0}, "less than nothing": {"B000000001": -1}, "no product": {"": 1},
	} {
		t.Run(reason, func(t *testing.T) {
			_, err := c.Return(t.Context(), "abc", ReturnRequest{Products: bad})
			failsAs(t, err, "return", KindNotSent, "")
		})
	}
	_, err := c.Return(t.Context(), "a/b", two)
	failsAs(t, err, "return", KindNotSent, "")
	_, err = c.Returned(t.Context(), "a/b")
	failsAs(t, err, "returned", KindNotSent, "")
}
