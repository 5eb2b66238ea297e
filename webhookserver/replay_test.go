package webhookserver

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

func (h *harness) replaysSeen() float64 {
	return testutil.ToFloat64(h.metrics.SecurityEvents.WithLabelValues(eventReplay, "shop/web"))
}

func TestAnExactReplayIsAnsweredLikeARedeliveryAndMakesNothing(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	body := nativeBody("A-1")
	sent := signedBy(t, signingSecret, begin, body)
	first := h.send(sent, webPath, body)
	if first.status != 202 || h.replaysSeen() != 0 {
		t.Fatalf("%d %s, %v replays", first.status, first.body, h.replaysSeen())
	}
	order := orders(t, h.client)[0]
	order.Finalizers = nil
	if err := h.client.Update(t.Context(), &order); err != nil {
		t.Fatal(err)
	}
	if err := h.client.Delete(t.Context(), &order); err != nil {
		t.Fatal(err)
	}
	again := h.send(sent, webPath, body)
	if again.status != 200 || again.body != first.body {
		t.Errorf("the replay got %d %s, the original %s", again.status, again.body, first.body)
	}
	if n := len(orders(t, h.client)); n != 0 {
		t.Errorf("the replay made %d orders of one that was deleted", n)
	}
	if h.replaysSeen() != 1 || h.records(2)[1].SecurityEvent != eventReplay {
		t.Errorf("%v replays counted, row %+v", h.replaysSeen(), h.records(2)[1])
	}
}

func TestAReplayAtAnotherReplicaIsSeenByTheOrder(t *testing.T) {
	a := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	b := newHarnessOn(t, a.client, nil)
	body := nativeBody("A-1")
	sent := signedBy(t, signingSecret, begin, body)
	if r := a.send(sent, webPath, body); r.status != 202 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := b.send(sent, webPath, body); r.status != 200 || b.replaysSeen() != 1 {
		t.Errorf("%d %s, %v replays", r.status, r.body, b.replaysSeen())
	}
}

func TestARedeliveryIsNoReplay(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	h.deliver(webPath, nativeBody("A-1"))
	h.advance(time.Second)
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != 200 || h.replaysSeen() != 0 {
		t.Errorf("signed anew: %d, %v replays", r.status, h.replaysSeen())
	}
}

func TestAReplayAfterItsTimeIsRefused(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	body := nativeBody("A-1")
	sent := signedBy(t, signingSecret, begin, body)
	h.send(sent, webPath, body)
	h.advance(defaultTolerance + time.Second)
	wantProblem(t, h.send(sent, webPath, body), 401, "unauthenticated")
	if got := testutil.ToFloat64(h.metrics.SecurityEvents.WithLabelValues(eventStaleSignature, "shop/web")); got != 1 {
		t.Errorf("%v stale signatures counted", got)
	}
}

func TestACapturedRequestDoesNotUseUpTheSourcesShare(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", func(s *v1alpha1.WebhookSource) {
		s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 60, Burst: 2, PerClientPerMinute: 6000}
	}), keySecret())
	body := nativeBody("A-1")
	sent := signedBy(t, signingSecret, begin, body)
	h.send(sent, webPath, body)
	h.advance(time.Second / 10)
	if r := h.send(sent, webPath, body); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	h.advance(time.Second / 10)
	if r := h.deliver(webPath, nativeBody("A-2")); r.status != 202 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestTheDigestIsOfWhatIsSigned(t *testing.T) {
	src := webhookSource("web", nil)
	proof := verify.Result{MessageID: "msg_1", SignedAt: begin}
	base := deliveryDigest(src, proof, []byte("{}"))
	later, other := proof, proof
	later.SignedAt, other.MessageID = begin.Add(time.Second), "msg_2"
	for reason, digest := range map[string]string{
		"another time":    deliveryDigest(src, later, []byte("{}")),
		"another message": deliveryDigest(src, other, []byte("{}")),
		"another body":    deliveryDigest(src, proof, []byte("{} ")),
		"another source":  deliveryDigest(webhookSource("web2", nil), proof, []byte("{}")),
	} {
		if digest == base {
			t.Errorf("%s is the same delivery", reason)
		}
	}
	if proof.Secret = "keys/other"; deliveryDigest(src, proof, []byte("{}")) != base {
		t.Error("the secret that matched makes it another delivery")
	}
	if proof.SignedAt = (time.Time{}); deliveryDigest(src, proof, []byte("{}")) != "" {
		t.Error("a scheme without time has replays")
	}
}

// kept is an answer that made an order, until a time.
func kept(key string, until time.Time) *remembered {
	return &remembered{key: key, order: "zo-1", body: json.RawMessage(`{}`), until: until}
}

func TestReplaysAreForgottenWhenTheirTimeHasPassedOrThereAreTooMany(t *testing.T) {
	r := newReplays(4 * kept("0", begin).size()) // three, and one that made no order
	for i := range 5 {
		r.keep(kept(strconv.Itoa(i), begin.Add(time.Minute)), begin)
	}
	if r.taken.answers.Len() != 3 || r.find("1", 0, begin) != nil || r.find("4", 0, begin) == nil {
		t.Errorf("%d are kept", r.taken.answers.Len())
	}
	if r.find("4", 0, begin.Add(2*time.Minute)) != nil {
		t.Error("one whose time has passed is found")
	}
	r.keep(kept("5", begin.Add(3*time.Minute)), begin.Add(2*time.Minute))
	if r.taken.answers.Len() != 1 {
		t.Errorf("%d are kept, those whose time has passed among them", r.taken.answers.Len())
	}
	if r.keep(kept("", begin.Add(time.Hour)), begin); r.taken.answers.Len() != 1 {
		t.Error("a delivery without digest is kept")
	}
}

// TestRefusalsDoNotPushOutWhatProtectsOrders: one sender's mistakes must not bring
// back the orders of another.
func TestRefusalsDoNotPushOutWhatProtectsOrders(t *testing.T) {
	r := newReplays(1 << 20)
	r.keep(kept("order", begin.Add(time.Minute)), begin)
	for i := range 100_000 {
		r.keep(&remembered{key: strconv.Itoa(i), problem: bare(cardData()), until: begin.Add(time.Minute)}, begin)
	}
	if r.find("order", 0, begin) == nil || r.other.bytes > 1<<18 || len(r.byKey) != r.other.answers.Len()+1 {
		t.Errorf("%d bytes of refusals, %d keys", r.other.bytes, len(r.byKey))
	}
}

// TestTheMemoryOfAnswersIsBounded fills it with answers of each kind and looks at
// the heap, which must not hold more than was counted.
func TestTheMemoryOfAnswersIsBounded(t *testing.T) {
	long := strings.Repeat("x", 4<<10) // of which a part is quoted
	one := func(i int) (*answer, error) { return ordersAnswer(i, 1), nil }
	fifty := func(i int) (*answer, error) { return ordersAnswer(i, 50), nil }
	none := func(int) (*answer, error) {
		return &answer{status: 200, outcome: outcomeIgnored, body: ignored{true}}, nil
	}
	card := func(int) (*answer, error) { return nil, cardData() }
	wrong := func(i int) (*answer, error) { return nil, invalidBody(fieldsOf(strings.Clone(long), i)) }
	for reason, tc := range map[string]struct {
		answer       func(i int) (*answer, error)
		given, least int // answers, and those of them that there is room for
	}{
		"one order":     {one, 100_000, 60_000},
		"fifty orders":  {fifty, 15_000, 11_000},
		"ignored":       {none, 50_000, 20_000},
		"a card number": {card, 50_000, 15_000},
		"twenty fields": {wrong, 20_000, 3_000},
	} {
		t.Run(reason, func(t *testing.T) {
			r := newReplays(maxReplays)
			before := heap()
			for i := range tc.given {
				a, err := tc.answer(i)
				m := remember(&exchange{}, a, err)
				m.key, m.until = fmt.Sprintf("%032x", i), begin.Add(time.Hour)
				r.keep(m, begin)
			}
			used, counted, n := int(heap()-before), r.taken.bytes+r.other.bytes, len(r.byKey)
			t.Logf("%d answers take %d kB, counted as %d kB", n, used>>10, counted>>10)
			if used > counted+1<<20 || counted > maxReplays*3/4 || n < tc.least || r.find(fmt.Sprintf("%032x", tc.given-1), 0, begin) == nil {
				t.Errorf("%d answers take %d bytes, counted as %d", n, used, counted)
			}
			runtime.KeepAlive(r)
		})
	}
}

func ordersAnswer(i, n int) *answer {
	var made []*v1alpha1.ZMAOrder
	for j := range n {
		made = append(made, &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: v1alpha1.OrderNameFor("web", fmt.Sprintf("%d/%d", i, j))}})
	}
	return &answer{status: 202, outcome: "accepted", order: made[0].Name, body: namesOf(made)}
}

func fieldsOf(body string, i int) []mapping.FieldError {
	var fields []mapping.FieldError
	for j := range 20 {
		fields = append(fields, mapping.FieldError{Field: body[i%100 : i%100+j], Detail: "is not known"})
	}
	return fields
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestSecurityEventsAreToldApart(t *testing.T) {
	for event, send := range map[string]func(*harness) reply{
		eventBadSignature: func(h *harness) reply {
			return h.send(signedBy(t, otherSecret, begin, nativeBody("A-1")), webPath, nativeBody("A-1"))
		},
		eventNoSignature: func(h *harness) reply { return h.send(nil, webPath, nativeBody("A-1")) },
		eventStaleSignature: func(h *harness) reply {
			return h.send(signedBy(t, signingSecret, begin.Add(-time.Hour), nativeBody("A-1")), webPath, nativeBody("A-1"))
		},
		eventCardNumber: func(h *harness) reply {
			return h.deliver(webPath, strings.Replace(nativeBody("A-1"), "planted-street", "4111 1111 1111 1111", 1))
		},
		eventBadCallback: func(h *harness) reply { return h.send(nil, "/callbacks/v1/shop/main/zo-1", "{}") },
	} {
		h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
		if r := send(h); r.status < 400 {
			t.Errorf("%s: %d", event, r.status)
		}
		row := h.records(1)[0]
		label := ""
		if row.Source != "" {
			label = "shop/web"
		}
		if row.SecurityEvent != event || !strings.Contains(h.logged(), `"securityEvent":"`+event+`"`) ||
			testutil.ToFloat64(h.metrics.SecurityEvents.WithLabelValues(event, label)) != 1 {
			t.Errorf("%s: row %+v, log %s", event, row, h.logged())
		}
	}
}

// mapped is a source that makes one order for each recipient in a body.
func mapped(s *v1alpha1.WebhookSource) {
	s.Spec.Mapping = &v1alpha1.WebhookMapping{
		ExternalID: `body.to.map(r, body.id + "-" + r.id)`,
		Order: `body.to.map(r, {"items": [{"productID": r.product, "quantity": r.quantity}], "shippingAddress": r.address,
			"customer": {"id": body.buyer}, "total": {"currency": "USD", "amountCents": r.cents}})`,
	}
}
