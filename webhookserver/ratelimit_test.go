package webhookserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func limited(perMinute, burst, perClient int32) func(*v1alpha1.WebhookSource) {
	return func(s *v1alpha1.WebhookSource) {
		s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: perMinute, Burst: burst, PerClientPerMinute: perClient}
	}
}

// limits are the header fields of an answer.
func limits(r reply) [2]string {
	return [2]string{r.header.Get("RateLimit-Policy"), r.header.Get("RateLimit")}
}

func TestEachAnswerTellsWhatIsLeft(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", limited(120, 6, 600)), keySecret())
	const client, both = `"client";q=600;w=60`, `"client";q=600;w=60, "source";q=120;w=60`
	conflict := strings.Replace(nativeBody("A-1"), "78701", "78702", 1)
	steps := []struct {
		reason string
		send   func() reply
		status int
		want   [2]string
	}{
		{"a new order", func() reply { return h.deliver(webPath, nativeBody("A-1")) }, 202,
			[2]string{both, `"client";r=5;t=1, "source";r=5;t=1`}},
		{"an exact replay does not touch the source's share", func() reply { return h.deliver(webPath, nativeBody("A-1")) }, 200,
			[2]string{client, `"client";r=4;t=1`}},
		{"another order of that ID", func() reply { return h.deliver(webPath, conflict) }, 409,
			[2]string{both, `"client";r=3;t=1, "source";r=4;t=1`}},
		{"no order", func() reply { return h.deliver(webPath, `{}`) }, 400,
			[2]string{both, `"client";r=2;t=1, "source";r=3;t=1`}},
		{"a stranger learns nothing of the source", func() reply { return h.send(nil, webPath, `{}`) }, 401,
			[2]string{client, `"client";r=1;t=1`}},
		{"before the limiter there is nothing to tell", func() reply { return h.send(nil, "/webhooks/shop/none", `{}`) }, 404,
			[2]string{}},
	}
	for _, s := range steps {
		r := s.send()
		if diff := cmp.Diff(s.want, limits(r)); r.status != s.status || diff != "" {
			t.Errorf("%s: %d, want %d; fields %s", s.reason, r.status, s.status, diff)
		}
	}
}

func TestARefusalTellsWhenToComeAgain(t *testing.T) {
	cases := []struct {
		reason string
		source func(*v1alpha1.WebhookSource)
		after  string
		want   [2]string
	}{
		{"the source's share is used up", limited(6, 1, 600), "10",
			[2]string{`"client";q=600;w=60, "source";q=6;w=60`, `"client";r=0;t=1, "source";r=0;t=10`}},
		{"the client's share is used up", limited(600, 1, 4), "15",
			[2]string{`"client";q=4;w=60`, `"client";r=0;t=15`}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{}, webhookSource("web", tc.source), keySecret())
			h.deliver(webPath, nativeBody("A-1"))
			h.advance(100 * time.Millisecond) // one token of 600 a minute
			r := h.deliver(webPath, nativeBody("A-2"))
			wantProblem(t, r, 429, "rate-limited")
			if diff := cmp.Diff(tc.want, limits(r)); diff != "" || r.header.Get("Retry-After") != tc.after {
				t.Errorf("Retry-After %q, want %q; fields %s", r.header.Get("Retry-After"), tc.after, diff)
			}
		})
	}
}

// A used up source answers strangers as it always does: they must not find out
// when its sender is busy.
func TestStrangersDoNotLearnThatASourceIsUsedUp(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", limited(1, 1, 600)), keySecret())
	before := h.send(nil, webPath, `{}`)
	h.advance(time.Second)
	h.deliver(webPath, nativeBody("A-1"))
	h.advance(time.Second)
	wantProblem(t, h.deliver(webPath, nativeBody("A-1")), 429, "rate-limited")
	h.advance(time.Second)
	after := h.send(nil, webPath, `{}`)
	if diff := cmp.Diff(limits(before), limits(after)); after.status != before.status || diff != "" {
		t.Errorf("answered %d instead of %d, fields %s", after.status, before.status, diff)
	}
}

func TestOneAddressHasAShareOfEachSource(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", limited(600, 1, 1)), webhookSource("app", limited(600, 1, 1)), keySecret())
	for _, path := range []string{webPath, "/webhooks/shop/app"} {
		if r := h.deliver(path, nativeBody("A-1")); r.status != 202 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
		wantProblem(t, h.deliver(path, nativeBody("A-1")), 429, "rate-limited")
	}
}

func TestChangedLimitsTakeEffectAtOnce(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", limited(1, 2, 600)), keySecret())
	h.deliver(webPath, nativeBody("A-1"))
	change := func(change func(*v1alpha1.WebhookSource)) {
		var s v1alpha1.WebhookSourceList
		if err := h.client.List(t.Context(), &s); err != nil {
			t.Fatal(err)
		}
		change(&s.Items[0])
		if err := h.client.Update(t.Context(), &s.Items[0]); err != nil {
			t.Fatal(err)
		}
		h.advance(100 * time.Millisecond)
	}
	change(limited(60, 5, 600))
	r := h.deliver(webPath, nativeBody("A-2")) // one was left of two, and is taken
	if want := `"source";q=60;w=60`; r.status != 202 || !strings.HasSuffix(limits(r)[0], want) || !strings.Contains(limits(r)[1], `"source";r=0;t=1`) {
		t.Errorf("answered %d with %q, want 202 and %s", r.status, limits(r), want)
	}
	change(limited(1, 5, 600))
	wantProblem(t, h.deliver(webPath, nativeBody("A-3")), 429, "rate-limited")
}

// sharing is a server whose exchanges go to a function.
func sharing(t *testing.T, share ShareFunc) *harness {
	t.Helper()
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(webhookSource("web", nil), keySecret()).Build()
	return newHarnessOn(t, c, func(o *Options) { o.ShareRates, o.Addr = share, "127.0.0.1:0" })
}

func TestAnExchangeTellsOfSourcesAndClients(t *testing.T) {
	var told [][]ledger.RateUse
	h := sharing(t, func(_ context.Context, uses []ledger.RateUse) ([]time.Duration, error) {
		told = append(told, uses)
		return make([]time.Duration, len(uses)), nil
	})
	h.deliver(webPath, nativeBody("A-1"))
	h.deliver(webPath, nativeBody("A-2"))
	for range 2 { // there is nothing to tell a second time
		if err := h.server.exchangeRates(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	taken := 20 * time.Millisecond
	want := [][]ledger.RateUse{{
		{Scope: "/shop/web|6000|200", Taken: taken, Behind: taken},
		{Scope: "/shop/web/127.0.0.1|6000|200", Taken: taken, Behind: taken},
	}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if got := testutil.ToFloat64(h.metrics.RateLimitSyncs.WithLabelValues("ok")); got != 1 {
		t.Errorf("%v exchanges are counted, want 1", got)
	}
}

func TestWhatOthersTookIsMissingHere(t *testing.T) {
	h := sharing(t, func(_ context.Context, uses []ledger.RateUse) ([]time.Duration, error) {
		behind := make([]time.Duration, len(uses))
		behind[0] = time.Minute // the source's
		return behind, nil
	})
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != 202 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if err := h.server.exchangeRates(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := h.deliver(webPath, nativeBody("A-2"))
	wantProblem(t, r, 429, "rate-limited")
	if want := `"client";r=198;t=1, "source";r=0;t=57`; r.header.Get("RateLimit") != want {
		t.Errorf("RateLimit %q, want %q", r.header.Get("RateLimit"), want)
	}
}

// A database that does not answer ends an exchange and delays nobody.
func TestNoRequestWaitsForAnExchange(t *testing.T) {
	entered := make(chan struct{})
	h := sharing(t, func(ctx context.Context, _ []ledger.RateUse) ([]time.Duration, error) {
		close(entered)
		<-ctx.Done()
		return nil, fmt.Errorf("%w: planted", ledger.ErrUnavailable)
	})
	h.deliver(webPath, nativeBody("A-1"))
	failed := make(chan error, 1)
	go func() { failed <- h.server.exchangeRates(context.Background()) }()
	<-entered
	for i := range 20 {
		if r := h.deliver(webPath, nativeBody(fmt.Sprint("B-", i))); r.status != 202 {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	select {
	case err := <-failed:
		t.Errorf("the exchange ended before the requests: %v", err)
	default:
	}
	if err := <-failed; !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want the cause", err)
	}
	if got := testutil.ToFloat64(h.metrics.RateLimitSyncs.WithLabelValues("failed")); got != 1 {
		t.Errorf("%v failures are counted, want 1", got)
	}
}

func TestTheLastExchangeComesAfterTheLastRequest(t *testing.T) {
	told := make(chan string, 100)
	h := sharing(t, func(ctx context.Context, uses []ledger.RateUse) ([]time.Duration, error) {
		for _, u := range uses {
			told <- u.Scope
		}
		return make([]time.Duration, len(uses)), ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.server.Start(ctx) }()
	eventually(t, h.server.started.Load)
	resp, err := http.Post("http://"+h.server.Addr()+webPath, "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := len(told); got != 1 {
		t.Errorf("%d uses were told of, want the one client's", got)
	}
}

func TestAnOutageOfExchangesLeavesTwoLines(t *testing.T) {
	outcomes := make(chan error, 10)
	h := sharing(t, func(_ context.Context, uses []ledger.RateUse) ([]time.Duration, error) {
		return make([]time.Duration, len(uses)), <-outcomes
	})
	stop := h.server.startSharing(t.Context())
	for _, err := range []error{nil, ledger.ErrUnavailable, ledger.ErrUnavailable, nil} {
		outcomes <- err
		h.server.sources.Take("a", badTokenRate(), h.clock())
		eventually(t, func() bool { return len(outcomes) == 0 })
	}
	stop()
	if got := strings.Count(h.logged(), "not shared") + strings.Count(h.logged(), "shared with other replicas again"); got != 2 {
		t.Errorf("%d lines in the log, want 2:\n%s", got, h.logged())
	}
}
