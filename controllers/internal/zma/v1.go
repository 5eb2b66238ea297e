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
	// Metrics of calls.
	Metrics *telemetry.Metrics
	// Now is the clock.
	Now func() time.Time
}

// NewV1 makes a client of version 1 of the API.
func NewV1(c Config) (Client, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || c.Token == "" || c.HTTP == nil {
		return nil, errors.New("provider client needs a base URL, a token and an HTTP client")
	}
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
	// sent tells whether any byte of the request may have left.
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
		return nil, &failure{err: fmt.Errorf("build request: %w", redact(err))}
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
		return nil, &failure{err: redact(err), sent: wrote.Load()}
	}
	defer func() { _ = resp.Body.Close() }() // the answer is read or given up
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(raw) > maxAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil {
		c.count(call, "unreadable", start)
		return nil, &failure{err: fmt.Errorf("read answer: %w", redact(err)), sent: true}
	}
	c.count(call, strconv.Itoa(resp.StatusCode/100)+"xx", start)
	return &answer{status: resp.StatusCode, body: raw, retryAfter: c.retryAfter(resp)}, nil
}

func (c *v1) count(call, outcome string, start time.Time) {
	c.Metrics.ProviderRequests.WithLabelValues(call, outcome).Inc()
	c.Metrics.ProviderDuration.WithLabelValues(call).Observe(c.Now().Sub(start).Seconds())
}

// retryAfter reads the header in both of its forms.
func (c *v1) retryAfter(r *http.Response) time.Duration {
	value := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(c.Now()))
	}
	return 0
}

// redact drops the URL from an error of net/http: it may hold what nobody should
// read in a log.
func redact(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
