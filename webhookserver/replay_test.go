package webhookserver

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
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

func TestReplaysAreForgottenWhenTheirTimeHasPassedOrThereAreTooMany(t *testing.T) {
	r := newReplays(3)
	for i := range 5 {
		r.keep(strconv.Itoa(i), &answer{}, begin.Add(time.Minute), begin)
	}
	if r.order.Len() != 3 || r.find("1", begin) != nil || r.find("4", begin) == nil {
		t.Errorf("%d are kept", r.order.Len())
	}
	if r.find("4", begin.Add(2*time.Minute)) != nil {
		t.Error("one whose time has passed is found")
	}
	r.keep("5", &answer{}, begin.Add(3*time.Minute), begin.Add(2*time.Minute))
	if r.order.Len() != 1 {
		t.Errorf("%d are kept, those whose time has passed among them", r.order.Len())
	}
	if r.keep("", &answer{}, begin.Add(time.Hour), begin); r.order.Len() != 1 {
		t.Error("a delivery without digest is kept")
	}
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
