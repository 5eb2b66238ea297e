package zma

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxAnswer bounds an answer in bytes; a page of the order list is the largest.
const maxAnswer = 4 << 20

// caller makes the calls of every version of the API: one call is one request,
// and what it proves is told the same way.
type caller struct {
	Config
	// authorise puts the token into a request.
	authorise func(*http.Request)
}

// newCaller checks a configuration. path is what the version has after the base
// URL.
func newCaller(c Config, path string, authorise func(*http.Request)) (caller, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || base.User != nil || c.Token == "" || c.HTTP == nil || c.Now == nil {
		return caller{}, errors.New("provider client needs a base URL without user information, a token, an HTTP client and a clock")
	}
	// Whatever client was given: a call that is sent on goes to where nobody meant
	// it to go.
	client := *c.HTTP
	client.CheckRedirect = keepRedirect
	c.HTTP = &client
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/") + path
	return caller{Config: c, authorise: authorise}, nil
}

// answer is what a call brought back.
type answer struct {
	status     int
	body       []byte
	retryAfter time.Duration
	callID     string
}

// failure is a call without an answer.
type failure struct {
	err error
	// sent tells whether any byte of the request may have left. net/http reports
	// an error only once its writer has ended, so false is proof.
	sent   bool
	callID string
}

// do makes one call. Its body can't be read twice, so that the transport does not
// repeat it on another connection.
func (c *caller) do(ctx context.Context, call, method, path string, body []byte) (*answer, *failure) {
	start := c.Now()
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaderField: func(string, []string) { wrote.Store(true) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), method, c.BaseURL+path, nil)
	if err != nil {
		return nil, &failure{err: fmt.Errorf("build request: %w", c.redact(err))}
	}
	if body != nil {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.Header.Set("Content-Type", "application/json")
	}
	c.authorise(req)
	req.Header.Set("Accept", "application/json")
	resp, err := c.HTTP.Do(req)
	if err != nil {
		c.count(call, "failed", start)
		return nil, &failure{err: c.redact(err), sent: wrote.Load()}
	}
	defer func() { _ = resp.Body.Close() }() // the answer is read or given up
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(raw) > maxAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil {
		c.count(call, "unreadable", start)
		return nil, &failure{err: fmt.Errorf("read answer: %w", c.redact(err)), sent: true, callID: callID(resp.Header)}
	}
	c.count(call, strconv.Itoa(resp.StatusCode/100)+"xx", start)
	return &answer{status: resp.StatusCode, body: raw, retryAfter: c.retryAfter(resp), callID: callID(resp.Header)}, nil
}

// callID reads what the provider calls a call by. Its support asks for it; it
// goes into logs, so anything but a plain word is left out.
func callID(h http.Header) string {
	for _, name := range []string{"X-Request-Id", "Request-Id"} {
		if id := h.Get(name); plainWord(id) {
			return id
		}
	}
	return ""
}

func (c *caller) count(call, outcome string, start time.Time) {
	if c.Metrics == nil {
		return
	}
	c.Metrics.ProviderRequests.WithLabelValues(call, outcome).Inc()
	c.Metrics.ProviderDuration.WithLabelValues(call).Observe(c.Now().Sub(start).Seconds())
}

// countUnknown counts a code that the classification table does not hold.
func (c *caller) countUnknown(code string) {
	if c.Metrics != nil && code != "" && !Classify(code).Known {
		c.Metrics.UnknownCodes.Inc()
	}
}

// maxRetryAfter bounds the pause that the provider can ask for: a slip of its
// must not park an order for years.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header in both of its forms.
func (c *caller) retryAfter(r *http.Response) time.Duration {
	value := r.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		seconds = min(max(0, seconds), int64(maxRetryAfter/time.Second))
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(c.Now())), maxRetryAfter)
	}
	return 0
}
