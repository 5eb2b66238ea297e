package main

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func TestOutagesAreWhatTheySay(t *testing.T) {
	cases := map[kind]struct {
		reason string
		check  func(status int, err error) bool
		seen   int // calls of the outage in the provider's record
	}{
		refuse: {"nobody listens", func(_ int, err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }, 0},
		hang:   {"the caller runs into its own timeout", func(_ int, err error) bool { return errors.Is(err, context.DeadlineExceeded) }, 0},
		fail:   {"the provider answers that it is not able to", func(status int, err error) bool { return err == nil && status == http.StatusServiceUnavailable }, 1},
	}
	for k, c := range cases {
		t.Run(string(k), func(t *testing.T) {
			p := testProvider(t)
			if status, err := balance(t, p, 10*time.Second); err != nil || status != http.StatusOK {
				t.Fatalf("before the outage: %d, %v", status, err)
			}
			p.begin(k)
			if status, err := balance(t, p, 200*time.Millisecond); !c.check(status, err) {
				t.Errorf("during the outage: %d, %v, want: %s", status, err, c.reason)
			}
			if err := p.end(); err != nil {
				t.Fatal(err)
			}
			if status, err := balance(t, p, 10*time.Second); err != nil || status != http.StatusOK {
				t.Errorf("after the outage: %d, %v", status, err)
			}
			if n := len(p.sim.Record().Requests); n != 2+c.seen {
				t.Errorf("the provider has seen %d calls, want %d", n, 2+c.seen)
			}
		})
	}
}

// TestACallThatHangsIsNeverAnswered holds for the time after the outage too, on a
// connection made before the outage and on one made during it.
func TestACallThatHangsIsNeverAnswered(t *testing.T) {
	for name, warm := range map[string]bool{"connection of before": true, "connection of the outage": false} {
		t.Run(name, func(t *testing.T) {
			p, want := testProvider(t), 1
			if warm {
				want++
				if _, err := balance(t, p, 10*time.Second); err != nil {
					t.Fatal(err)
				}
			}
			p.begin(hang)
			answered := make(chan error, 1)
			go func() {
				_, err := balance(t, p, time.Second)
				answered <- err
			}()
			for p.line.hangs() == 0 && len(answered) == 0 {
				time.Sleep(time.Millisecond) // until the call is under way
			}
			if err := p.end(); err != nil {
				t.Fatal(err)
			}
			if err := <-answered; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after the outage the call got %v, want its own timeout", err)
			}
			if _, err := balance(t, p, 10*time.Second); err != nil {
				t.Errorf("a new call: %v", err)
			}
			if n := len(p.sim.Record().Requests); n != want {
				t.Errorf("the provider has seen %d calls, want %d", n, want)
			}
		})
	}
}

func testProvider(t *testing.T) *provider {
	t.Helper()
	sim, err := zmasim.Start(t.Context(), zmasim.Options{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newProvider(sim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.line.refuse()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return p
}

func balance(t *testing.T, p *provider, timeout time.Duration) (int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url()+"/v1/addax/balance", nil)
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth(token, "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
