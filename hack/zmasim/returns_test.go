package zmasim

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// returnBody asks for one unit of a product; each edit changes it.
func returnBody(product string, edits ...func(map[string]any)) map[string]any {
	b := map[string]any{
		"products":    []any{map[string]any{"product_id": product, "quantity": 1}},
		"reason_code": "defective", "method_code": "UPS Dropoff", "explanation": "broken",
	}
	for _, edit := range edits {
		edit(b)
	}
	return b
}

func placedOrder(t *testing.T, s *Server) (path string) {
	t.Helper()
	id := post(s, body(ProductOK, "k")).id(t)
	outcome(t, s, id)
	return "/v1/orders/" + id + "/return"
}

func TestReturnIsUnderWayThenGivesItsLabels(t *testing.T) {
	s, hooks := start(t, Options{Processing: 100 * time.Millisecond}), receive(t)
	path := placedOrder(t, s)
	x := do(s, "POST", path, returnBody(ProductOK, hooks.hooks("request_succeeded"))).id(t)
	if r := do(s, "GET", "/v1/returns/"+x, nil); r.code() != "return_in_progress" || r.JSON["data"].(map[string]any)["status"] == nil {
		t.Errorf("at first %s", r.Raw)
	}
	if r := do(s, "POST", path, returnBody(ProductOK)); r.code() != "return_in_progress" {
		t.Errorf("a second one meanwhile: %s", r.Raw)
	}
	var done reply
	eventually(t, "a result", func() bool {
		done = do(s, "GET", "/v1/returns/"+x, nil)
		return done.JSON["_type"] == "return_response"
	})
	if labels, _ := done.JSON["label_urls"].([]any); len(labels) != 1 || done.JSON["merchant_return_id"] == "" || done.JSON["return_by"] == "" {
		t.Errorf("ended as %s", done.Raw)
	}
	eventually(t, "the callback", func() bool { return slices.Equal(hooks.paths(), []string{"/request_succeeded"}) })
	if got := hooks.all()[0].Body; string(got) != string(done.Raw) {
		t.Errorf("the callback says %s, GET says %s", got, done.Raw)
	}
}

func TestReturnsThatAreRefused(t *testing.T) {
	s := start(t, Options{})
	placed := placedOrder(t, s)
	stuck := "/v1/orders/" + post(s, body(ProductStuck, "stuck")).id(t) + "/return"
	for reason, tc := range map[string]struct {
		path string
		body any
		code string
	}{
		"nothing was placed yet":      {stuck, returnBody(ProductStuck), "invalid_request"},
		"the order is not known":      {"/v1/orders/ffff/return", returnBody(ProductOK), "invalid_request_id"},
		"the body is no JSON":         {placed, []byte("{"), "invalid_json"},
		"nothing is to be returned":   {placed, returnBody(ProductOK, without("products")), "invalid_request"},
		"the product is another's":    {placed, returnBody(ProductSplit), "invalid_request"},
		"a reason is required":        {placed, returnBody(ProductOK, without("reason_code")), "invalid_request"},
		"a way to send it is too":     {placed, returnBody(ProductOK, without("method_code")), "invalid_request"},
		"fewer than that were bought": {placed, returnBody(ProductOK, with("products", []any{map[string]any{"product_id": ProductOK, "quantity": 2}})), "invalid_request"},
	} {
		if r := do(s, "POST", tc.path, tc.body); r.code() != tc.code {
			t.Errorf("%s: got %s, want %s", reason, r.Raw, tc.code)
		}
	}
	if r := do(s, "GET", "/v1/returns/ffff", nil); r.code() != "invalid_request_id" {
		t.Errorf("an unknown return: %s", r.Raw)
	}
}

func TestReturnSurvivesARestart(t *testing.T) {
	file := stateFile(t)
	first := start(t, Options{StateFile: file})
	path := placedOrder(t, first)
	done := do(first, "POST", path, returnBody(ProductOK)).id(t)
	var want reply
	eventually(t, "a result", func() bool {
		want = do(first, "GET", "/v1/returns/"+done, nil)
		return want.JSON["_type"] == "return_response"
	})
	_ = first.Close()

	second := start(t, Options{StateFile: file, Processing: time.Hour})
	if diff := cmp.Diff(want.JSON, do(second, "GET", "/v1/returns/"+done, nil).JSON); diff != "" {
		t.Errorf("the return that had ended: %s", diff)
	}
	open := do(second, "POST", path, returnBody(ProductOK)).id(t)
	if r := do(second, "GET", "/v1/returns/"+open, nil); r.code() != "return_in_progress" {
		t.Errorf("the open one: %s", r.Raw)
	}
	_ = second.Close()

	third := start(t, Options{StateFile: file, Now: inAWeek()})
	eventually(t, "the open one ends", func() bool {
		return do(third, "GET", "/v1/returns/"+open, nil).JSON["_type"] == "return_response"
	})
}
