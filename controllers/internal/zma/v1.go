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

	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// maxAnswer bounds an answer in bytes; a page of the order list is the largest.
const maxAnswer = 4 << 20

// Config of a client.
type Config struct {
	// BaseURL of the provider, without the version's path.
	BaseURL string
	// Token is the client token. It is a secret.
	Token string
	// HTTP makes the calls; see NewHTTPClient.
	HTTP *http.Client
	// Metrics of calls; nil for none.
	Metrics *telemetry.Metrics
	// Now is the clock.
	Now func() time.Time
}

// NewV1 makes a client of version 1 of the API.
func NewV1(c Config) (Client, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || base.User != nil || c.Token == "" || c.HTTP == nil || c.Now == nil {
		return nil, errors.New("provider client needs a base URL without user information, a token, an HTTP client and a clock")
	}
	// Whatever client was given: a call that is sent on goes to where nobody meant
	// it to go.
	client := *c.HTTP
	client.CheckRedirect = keepRedirect
	c.HTTP = &client
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/") + "/v1"
	return &v1{Config: c}, nil
}

type v1 struct{ Config }

// answer is what a call brought back.
type answer struct {
	status     int
	body       []byte
	retryAfter time.Duration
}

// failure is a call without an answer.
type failure struct {
	err error
	// sent tells whether any byte of the request may have left. net/http reports
	// an error only once its writer has ended, so false is proof.
	sent bool
}

// do makes one call. Its body can't be read twice, so that the transport does not
// repeat it on another connection.
func (c *v1) do(ctx context.Context, call, method, path string, body []byte) (*answer, *failure) {
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
	req.SetBasicAuth(c.Token, "")
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
		return nil, &failure{err: fmt.Errorf("read answer: %w", c.redact(err)), sent: true}
	}
	c.count(call, strconv.Itoa(resp.StatusCode/100)+"xx", start)
	return &answer{status: resp.StatusCode, body: raw, retryAfter: c.retryAfter(resp)}, nil
}

func (c *v1) count(call, outcome string, start time.Time) {
	if c.Metrics == nil {
		return
	}
	c.Metrics.ProviderRequests.WithLabelValues(call, outcome).Inc()
	c.Metrics.ProviderDuration.WithLabelValues(call).Observe(c.Now().Sub(start).Seconds())
}

// countUnknown counts a code that the classification table does not hold.
func (c *v1) countUnknown(code string) {
	if c.Metrics != nil && code != "" && !Classify(code).Known {
		c.Metrics.UnknownCodes.Inc()
	}
}

// maxRetryAfter bounds the pause that the provider can ask for: a slip of its
// must not park an order for years.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header in both of its forms.
func (c *v1) retryAfter(r *http.Response) time.Duration {
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
