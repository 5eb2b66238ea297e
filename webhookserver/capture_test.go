package webhookserver

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// behindProxy is a server that believes X-Forwarded-For.
func behindProxy(t *testing.T, faults interceptor.Funcs, objects ...client.Object) *harness {
	t.Helper()
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(objects...).WithInterceptorFuncs(faults).Build()
	return newHarnessOn(t, c, func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
}

func from(address string, sign func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		sign(r)
		r.Header.Set("X-Forwarded-For", address)
	}
}

// finals are requests whose answer is final, by what it is.
func finals() map[string]struct{ body, filter, slug string } {
	return map[string]struct{ body, filter, slug string }{
		"an order":                        {body: nativeBody("A-1")},
		"an event that is not wanted":     {body: nativeBody("A-1"), filter: `body.externalID != "A-1"`},
		"no order":                        {body: `{}`, slug: "invalid-body"},
		"no JSON":                         {body: `planted`, slug: "invalid-body"},
		"an order that is not valid":      {body: nativeBody("invalid"), slug: "invalid-order"},
		"another order of a known ID":     {body: nativeBody("known"), slug: "payload-conflict"},
		"a card number":                   {body: strings.Replace(nativeBody("A-1"), "planted-street", "4111 1111 1111 1111", 1), slug: "card-data"},
		"a body that can't be filtered":   {body: nativeBody("A-1"), filter: `body.absent == 1`, slug: "mapping-failed"},
		"a body that is no object at all": {body: `[]`, slug: "invalid-body"},
	}
}

// refusesInvalid refuses an order as the API server does.
func refusesInvalid() interceptor.Funcs {
	return interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		if order, ok := o.(*v1alpha1.ZMAOrder); ok && order.Spec.Source.ExternalID == "invalid" {
			return apierrors.NewInvalid(schema.GroupKind{Group: "zma.dev", Kind: "ZMAOrder"}, o.GetName(),
				field.ErrorList{field.Required(field.NewPath("spec", "items"), "")})
		}
		return c.Create(ctx, o, opts...)
	}}
}

// TestWhoHasCapturedARequestCantUseUpTheSendersShare sends one request again and
// again from another address, whatever it was answered with.
func TestWhoHasCapturedARequestCantUseUpTheSendersShare(t *testing.T) {
	for reason, tc := range finals() {
		t.Run(reason, func(t *testing.T) {
			h := behindProxy(t, refusesInvalid(), webhookSource("web", func(s *v1alpha1.WebhookSource) {
				limited(60, 4, 6000)(s)
				s.Spec.EventFilter = tc.filter
			}), keySecret())
			if tc.slug == "payload-conflict" {
				h.deliver(webPath, strings.Replace(tc.body, "78701", "78702", 1))
				h.advance(time.Minute)
			}
			sent := signedAs(t, "msg_0", signingSecret, begin, tc.body)
			first := h.send(from("198.51.100.1", sent), webPath, tc.body)
			h.advance(10 * time.Millisecond)
			for range 10 {
				again := h.send(from("203.0.113.66", sent), webPath, tc.body)
				sameAnswer(t, first, again)
				h.advance(10 * time.Millisecond) // a token of the client's, and hardly any of the source's
			}
			rows := len(h.records(11))
			if got := h.replaysSeen(); got != 10 || h.records(rows)[rows-1].SecurityEvent != eventReplay {
				t.Errorf("%v replays are counted", got)
			}
			honest := nativeBody("B-1")
			if r := h.send(from("198.51.100.1", signedAs(t, "msg_2", signingSecret, h.clock(), honest)), webPath, honest); r.status == 429 {
				t.Errorf("the sender's next webhook: %d %s %v", r.status, r.header.Get("RateLimit"), r.json["detail"])
			}
		})
	}
}

// sameAnswer compares all but the request's ID; 202 becomes 200.
func sameAnswer(t *testing.T, first, again reply) {
	t.Helper()
	want := first.status
	if want == http.StatusAccepted {
		want = http.StatusOK
	}
	id := func(r reply) string { return r.header.Get("X-Request-Id") }
	if again.status != want || strings.ReplaceAll(again.body, id(again), "") != strings.ReplaceAll(first.body, id(first), "") ||
		again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Fatalf("the original got %d %s, the copy %d %s", first.status, first.body, again.status, again.body)
	}
}

// TestCopiesThatComeAtTheSameTimeTakeOneShare: the first is not answered yet when
// the others come.
func TestCopiesThatComeAtTheSameTimeTakeOneShare(t *testing.T) {
	entered, answer := make(chan struct{}, 100), make(chan struct{})
	h := behindProxy(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		entered <- struct{}{}
		<-answer
		return c.Create(ctx, o, opts...)
	}}, webhookSource("web", limited(60, 20, 6000)), keySecret())
	h.server.o.StoreLine = time.Hour
	body := nativeBody("A-1")
	sent := signedBy(t, signingSecret, begin, body)
	var mu sync.Mutex
	statuses := map[int]int{}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			r := h.send(from("203.0.113.66", sent), webPath, body)
			mu.Lock()
			defer mu.Unlock()
			statuses[r.status]++
		})
	}
	eventually(t, func() bool { return len(h.server.slots) == 16 })
	<-entered
	close(answer)
	all.Wait()
	h.records(16)
	if diff := cmp.Diff(map[int]int{http.StatusAccepted: 1, http.StatusOK: 15}, statuses); diff != "" || h.replaysSeen() != 15 {
		t.Errorf("%v replays, answers %s", h.replaysSeen(), diff)
	}
	next := nativeBody("B-1")
	r := h.send(from("198.51.100.1", signedAs(t, "msg_2", signingSecret, begin, next)), webPath, next)
	if want := `"source";r=18;t=1`; !strings.HasSuffix(r.header.Get("RateLimit"), want) {
		t.Errorf("%d, RateLimit %s, want %s", r.status, r.header.Get("RateLimit"), want)
	}
}

// TestACopyDoesNotWaitForEver: the first may take long.
func TestACopyDoesNotWaitForEver(t *testing.T) {
	src := webhookSource("web", nil)
	h := newHarness(t, interceptor.Funcs{}, src, keySecret())
	body := nativeBody("A-1")
	digest := deliveryDigest(src, verify.Result{MessageID: "msg_1", SignedAt: begin}, []byte(body))
	leave, err := h.server.replays.turn(t.Context(), digest, 0)
	if err != nil {
		t.Fatal(err)
	}
	h.server.o.StoreLine = time.Millisecond
	wantProblem(t, h.deliver(webPath, body), http.StatusServiceUnavailable, "overloaded")
	leave()
	if r := h.deliver(webPath, body); r.status != http.StatusAccepted || len(h.server.replays.underWay) != 0 {
		t.Errorf("%d %s, %d under way", r.status, r.body, len(h.server.replays.underWay))
	}
}

// TestWhatSaysSendAgainIsNotRemembered: the same request may be taken then.
func TestWhatSaysSendAgainIsNotRemembered(t *testing.T) {
	away := true
	h := newHarness(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		if away {
			return errors.New("etcdserver: request timed out")
		}
		return c.Create(ctx, o, opts...)
	}}, webhookSource("web", limited(60, 2, 6000)), keySecret())
	body := nativeBody("A-1")
	sent := signedBy(t, signingSecret, begin, body)
	for range 2 {
		wantProblem(t, h.send(sent, webPath, body), 503, "unavailable")
		h.advance(10 * time.Millisecond) // a token of the client's
	}
	if r := h.send(sent, webPath, body); r.status != 429 || !strings.Contains(r.body, "this source") {
		t.Errorf("%d %s, want the source's limit", r.status, r.body)
	}
	away = false
	h.advance(time.Second)
	if r := h.send(sent, webPath, body); r.status != http.StatusAccepted || h.replaysSeen() != 0 {
		t.Errorf("%d %s, %v replays", r.status, r.body, h.replaysSeen())
	}
}

// TestARefusalHoldsAsLongAsTheSourceIsWhatItWas: a request that the source refused
// may be taken once it is put right; of one that made an order nothing is forgotten.
func TestARefusalHoldsAsLongAsTheSourceIsWhatItWas(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		s.Generation = 1
		s.Spec.EventFilter = `body.externalID != "A-1"`
	}), keySecret())
	ignoredBody, taken := nativeBody("A-1"), nativeBody("A-2")
	one, two := signedAs(t, "msg_1", signingSecret, begin, ignoredBody), signedAs(t, "msg_2", signingSecret, begin, taken)
	h.send(one, webPath, ignoredBody)
	if r := h.send(two, webPath, taken); r.status != http.StatusAccepted {
		t.Fatalf("%d %s", r.status, r.body)
	}
	gone := orders(t, h.client)[0]
	gone.Finalizers = nil
	if err := errors.Join(h.client.Update(t.Context(), &gone), h.client.Delete(t.Context(), &gone)); err != nil {
		t.Fatal(err)
	}
	var s v1alpha1.WebhookSource
	if err := h.client.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "web"}, &s); err != nil {
		t.Fatal(err)
	}
	s.Generation, s.Spec.EventFilter = 2, ""
	if err := h.client.Update(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	for status, again := range map[int]func() reply{
		http.StatusAccepted: func() reply { return h.send(one, webPath, ignoredBody) },
		http.StatusOK:       func() reply { return h.send(two, webPath, taken) },
	} {
		if r := again(); r.status != status {
			t.Errorf("%d %s, want %d", r.status, r.body, status)
		}
	}
	if got := h.replaysSeen(); got != 1 {
		t.Errorf("%v replays are counted", got)
	}
	if r := h.send(one, webPath, ignoredBody); r.status != http.StatusOK || h.replaysSeen() != 2 {
		t.Errorf("now it made an order: %d %s, %v replays", r.status, r.body, h.replaysSeen())
	}
	if name := v1alpha1.OrderNameFor("web", "A-2"); slices.ContainsFunc(orders(t, h.client), func(o v1alpha1.ZMAOrder) bool { return o.Name == name }) {
		t.Error("the change of the source brought back an order that was deleted")
	}
}

// secretReads is a server whose reads of Secrets are counted, and may fail.
func secretReads(t *testing.T, fails bool, src *v1alpha1.WebhookSource, objects ...client.Object) (h *harness, reads func() int) {
	t.Helper()
	n := 0
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(append(objects, src)...).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*corev1.Secret); ok {
				if n++; fails {
					return errors.New("etcdserver: request timed out")
				}
			}
			return c.Get(ctx, key, o, opts...)
		}}).Build()
	h = newHarnessOn(t, c, func(o *Options) { o.Secrets = secrets.NewReader(c, 5*time.Second, o.Now) })
	return h, func() int { return n }
}

func TestStrangersDoNotSetThePaceOfReadsOfSecrets(t *testing.T) {
	forged := signedBy(t, otherSecret, begin, "{}")
	for reason, tc := range map[string]struct {
		fails   bool
		objects []client.Object
		change  func(*http.Request)
		reads   int
		status  int
		slug    string
	}{
		"unsigned, the Secret is there":       {false, []client.Object{keySecret()}, nil, 0, 401, "unauthenticated"},
		"unsigned, the Secret is missing":     {false, nil, nil, 0, 401, "unauthenticated"},
		"unsigned, the Secret can't be read":  {true, []client.Object{keySecret()}, nil, 0, 401, "unauthenticated"},
		"forged, the Secret is there":         {false, []client.Object{keySecret()}, forged, 1, 401, "unauthenticated"},
		"forged, the Secret is missing":       {false, nil, forged, 1, 503, "source-not-ready"},
		"forged, the Secret can't be read":    {true, []client.Object{keySecret()}, forged, 1, 503, "unavailable"},
		"half signed, the Secret is not read": {true, nil, func(r *http.Request) { forged(r); r.Header.Del("webhook-id") }, 0, 401, "unauthenticated"},
	} {
		t.Run(reason, func(t *testing.T) {
			h, reads := secretReads(t, tc.fails, webhookSource("web", nil), tc.objects...)
			for range 20 {
				wantProblem(t, h.send(tc.change, webPath, "{}"), tc.status, tc.slug)
			}
			if reads() != tc.reads {
				t.Errorf("it was read %d times, want %d", reads(), tc.reads)
			}
			if row := h.records(20)[19]; tc.reads == 0 && row.SecurityEvent != eventNoSignature {
				t.Errorf("row %+v", row)
			}
		})
	}
}
