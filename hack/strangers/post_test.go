package strangers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// reply of the endpoint.
type reply struct {
	status int
	header http.Header
	body   []byte
	// problem is the end of an error's type, such as unauthenticated.
	problem string
	// orders that an accepted request made, or made before.
	orders []string
}

func (r reply) String() string {
	return fmt.Sprintf("%d %s %s", r.status, r.problem, bytes.TrimSpace(r.body))
}

// read takes an answer apart.
func read(resp *http.Response) (reply, error) {
	defer func() { _ = resp.Body.Close() }() // read or given up
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	r := reply{status: resp.StatusCode, header: resp.Header, body: raw}
	var told struct {
		Type   string   `json:"type"`
		Order  string   `json:"order"`
		Orders []string `json:"orders"`
	}
	if json.Unmarshal(raw, &told) == nil {
		r.problem = told.Type[strings.LastIndex(told.Type, "/")+1:]
		r.orders = told.Orders
		if told.Order != "" {
			r.orders = append(r.orders, told.Order)
		}
	}
	return r, err
}

// client of honest senders.
func (x *target) client() *http.Client {
	if x.tls {
		return encrypted()
	}
	return http.DefaultClient
}

// clientFrom is a client whose connections come from a local address, and that
// follows no redirects.
func clientFrom(local string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}, Timeout: 10 * time.Second}
	return &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 16, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// jsonHeader adds the media type to headers.
func jsonHeader(h http.Header) http.Header {
	h = h.Clone()
	if h == nil {
		h = http.Header{}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	return h
}

// ask sends one request.
func ask(ctx context.Context, c *http.Client, method, url string, h http.Header, body []byte) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header = h
	resp, err := c.Do(req)
	if err != nil {
		return reply{}, err
	}
	return read(resp)
}

// post sends JSON with headers to a path of the target.
func (x *target) post(t *testing.T, path string, h http.Header, body []byte) reply {
	t.Helper()
	r, err := ask(t.Context(), x.client(), http.MethodPost, x.base()+path, jsonHeader(h), body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
