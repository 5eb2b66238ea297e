package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"syscall"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
	"github.com/zma-operator/zma-operator/hack/intake/site"
)

// staleBy is more than any clock may differ.
const staleBy = 10 * time.Minute

// try sends a delivery once. Only what makes it impossible to send is an error.
func (s *sender) try(ctx context.Context, r *site.Replica, requestID string, d delivery) (oracle.Try, error) {
	t := oracle.Try{RequestID: requestID, Replica: r.Name}
	req, err := s.request(ctx, r.URL()+s.site.Path(d.source), requestID, d)
	if err != nil {
		return t, err
	}
	t.Sent = time.Now()
	resp, err := s.http.Do(req)
	if err != nil {
		t.Answered, t.Trouble = time.Now(), trouble(err)
		return t, nil
	}
	defer func() { _ = resp.Body.Close() }() // read or given up
	body, err := io.ReadAll(resp.Body)
	t.Answered = time.Now()
	if err != nil {
		t.Trouble = trouble(err)
		return t, nil
	}
	t.Status, t.RetryAfter, t.Echo = resp.StatusCode, resp.Header.Get("Retry-After"), resp.Header.Get("X-Request-Id")
	var answer struct{ Type, Order, Namespace string }
	if err := json.Unmarshal(body, &answer); err == nil {
		t.Order, t.Namespace = answer.Order, answer.Namespace
		if answer.Type != "" {
			t.Problem = path.Base(answer.Type)
		}
	}
	return t, nil
}

// request signs a delivery for now.
func (s *sender) request(ctx context.Context, url, requestID string, d delivery) (*http.Request, error) {
	at, signer := time.Now(), s.signer
	switch d.kind {
	case forged:
		signer = s.forger
	case stale:
		at = at.Add(-staleBy)
	}
	signature, err := signer.Sign(d.messageID, at, d.body)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-Id", requestID)
	req.Header.Set("Webhook-Id", d.messageID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", signature)
	return req, nil
}

// trouble says in a few words why there is no answer.
func trouble(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "broken off"
	case os.IsTimeout(err), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return err.Error()
}
