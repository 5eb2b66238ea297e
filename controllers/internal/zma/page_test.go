package zma

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlines notes until when each call may take.
type deadlines struct {
	http.RoundTripper
	seen []time.Time
}

func (d *deadlines) RoundTrip(r *http.Request) (*http.Response, error) {
	at, _ := r.Context().Deadline()
	d.seen = append(d.seen, at)
	return d.RoundTripper.RoundTrip(r)
}

// walks are the calls that take more than one page.
func walks() map[string]func(context.Context, Client) error {
	return map[string]func(context.Context, Client) error{
		"find": func(ctx context.Context, c Client) error {
			_, err := c.Find(ctx, key, ours, 1, time.Unix(0, 0))
			return err
		},
		"list": func(ctx context.Context, c Client) error {
			return c.List(ctx, time.Unix(0, 0), func(Observation) bool { return true })
		},
		"refunds": func(ctx context.Context, c Client) error {
			_, err := c.Refunds(ctx, "abc", time.Unix(0, 0))
			return err
		},
	}
}

// TestEachPageHasAShareOfItsOwn: under one deadline for all pages, an account
// with many orders could never be searched to its end.
func TestEachPageHasAShareOfItsOwn(t *testing.T) {
	for name, walk := range walks() {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v1/orders" {
					pages(10, others(35)...)(w, r)
					return
				}
				answerWith(200, nil, `[{"amount":1,"id":"`+r.URL.Query().Get("offset")+`"}]`)(w, r)
			}))
			t.Cleanup(s.Close)
			noted := &deadlines{RoundTripper: NewHTTPClient().Transport}
			for share, want := range map[time.Duration]time.Duration{0: 10 * time.Second, time.Hour: time.Hour} {
				noted.seen = nil
				c, err := NewV1(Config{BaseURL: s.URL, Token: token, HTTP: &http.Client{Transport: noted}, Now: time.Now, PageTimeout: share})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if err := walk(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if len(noted.seen) < 4 {
					t.Fatalf("%d pages", len(noted.seen))
				}
				for i, at := range noted.seen {
					if at.Before(start.Add(want)) || at.After(time.Now().Add(want)) || i > 0 && !at.After(noted.seen[i-1]) {
						t.Errorf("pages may take until %v, begun at %v with %s each", noted.seen, start, want)
					}
				}
			}
			// The caller's context bounds the whole.
			noted.seen = nil
			c := clientWith(t, s.URL, &http.Client{Transport: noted})
			end := time.Now().Add(5 * time.Second)
			ctx, cancel := context.WithDeadline(t.Context(), end)
			defer cancel()
			if err := walk(ctx, c); err != nil {
				t.Fatal(err)
			}
			for _, at := range noted.seen {
				if !at.Equal(end) {
					t.Errorf("a page may take until %s, beyond %s", at, end)
				}
			}
		})
	}
}

// TestAPageThatHangsEndsTheWalk, although its caller would wait.
func TestAPageThatHangsEndsTheWalk(t *testing.T) {
	for name, walk := range walks() {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
			t.Cleanup(s.Close)
			c, err := NewV1(Config{BaseURL: s.URL, Token: token, HTTP: NewHTTPClient(), Now: time.Now, PageTimeout: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			err = walk(t.Context(), c)
			var call *CallError
			if !errors.As(err, &call) || call.Kind != KindUnavailable || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want %s by a deadline", err, KindUnavailable)
			}
		})
	}
}
