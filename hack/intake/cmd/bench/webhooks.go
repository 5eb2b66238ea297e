package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/site"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// webhooks is the work of sending new orders to the endpoint.
type webhooks struct {
	url    string
	signer *shop.Sender
	http   *http.Client
	sent   int

	mu sync.Mutex
	// taken are the times that webhooks took, each from its first byte to the end of
	// its answer, by the request ID of the answer.
	taken map[string]time.Duration
}

func newWebhooks(s *site.Site, r *site.Replica) *webhooks {
	return &webhooks{
		url: r.URL() + s.Path(shop.SourceName), signer: &shop.Sender{Secret: s.Secret},
		taken: map[string]time.Duration{},
		http:  &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 1024}},
	}
}

// body of an order.
func body(id string) []byte {
	return shop.NewOrder(id, shop.Item{
		ProductID: zmasim.ProductOK, Quantity: 1, UnitPriceCents: zmasim.PriceOf(zmasim.ProductOK), Title: "Something good",
	}).JSON()
}

// Next signs a new order. Whatever is not a first acceptance is a failure.
func (w *webhooks) Next() func(context.Context) string {
	w.sent++
	req, err := w.request(fmt.Sprintf("W-%09d", w.sent))
	if err != nil {
		return func(context.Context) string { return err.Error() }
	}
	return func(ctx context.Context) string { return w.send(req.WithContext(ctx)) }
}

func (w *webhooks) request(id string) (*http.Request, error) {
	now, raw := time.Now(), body(id)
	signature, err := w.signer.Sign("msg-"+id, now, raw)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	req, err := http.NewRequest(http.MethodPost, w.url, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", "msg-"+id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("Webhook-Signature", signature)
	return req, nil
}

func (w *webhooks) send(req *http.Request) string {
	began := time.Now()
	resp, err := w.http.Do(req)
	if err != nil {
		return "no answer"
	}
	defer func() { _ = resp.Body.Close() }() // read or given up
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return "no answer"
	}
	if resp.StatusCode != http.StatusAccepted {
		return strconv.Itoa(resp.StatusCode)
	}
	took := time.Since(began)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken[resp.Header.Get("X-Request-Id")] = took
	return ""
}

// take gives the times since it was last called.
func (w *webhooks) take() map[string]time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.taken
	w.taken = map[string]time.Duration{}
	return taken
}
