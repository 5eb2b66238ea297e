package zma

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
)

// maxLabels bounds the labels of a return.
const maxLabels = 50

type returnBody struct {
	Products    []productBody `json:"products"`
	ReasonCode  string        `json:"reason_code"`
	MethodCode  string        `json:"method_code"`
	Explanation string        `json:"explanation"`
}

// encode gives the body of the call: the same request always gives the same.
func (r ReturnRequest) encode() (returnBody, error) {
	b := returnBody{ReasonCode: r.ReasonCode, MethodCode: r.MethodCode, Explanation: r.Explanation}
	for _, id := range slices.Sorted(maps.Keys(r.Products)) {
		if id == "" || r.Products[id] <= 0 {
			return b, errors.New("a product to return has no ID or no quantity")
		}
		b.Products = append(b.Products, productBody{ProductID: id, Quantity: r.Products[id]})
	}
	if len(b.Products) == 0 {
		return b, errors.New("a return without products")
	}
	return b, nil
}

// Return asks for a return.
func (c *v1) Return(ctx context.Context, requestID string, r ReturnRequest) (string, error) {
	body, err := r.encode()
	if err != nil {
		return "", unsent(callReturn, err)
	}
	return c.begin(ctx, callReturn, requestID, "/return", body)
}

// Returned reads a return.
func (c *v1) Returned(ctx context.Context, id string) (Return, error) {
	p, err := c.follow(ctx, callReturned, "/returns/", id, "return_response")
	switch {
	case err != nil:
		return Return{}, err
	case p.pending:
		return Return{Pending: true}, nil
	case p.code != "":
		return Return{Code: p.code}, nil
	}
	var b struct {
		ID     string          `json:"merchant_return_id"`
		Labels json.RawMessage `json:"label_urls"`
	}
	_ = decode(p.body, &b) // what can't be read stays empty: the return is accepted all the same
	return Return{MerchantReturnID: whole(b.ID, maxMerchantOrder), LabelURLs: labels(b.Labels)}, nil
}

// labels reads a list of URLs, or a single one.
func labels(raw json.RawMessage) []string {
	var out []string
	for _, url := range append(elements(raw), raw) {
		if url := whole(word(url), maxURL); url != "" && len(out) < maxLabels {
			out = append(out, url)
		}
	}
	return out
}
