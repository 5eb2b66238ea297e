package webhookserver

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/callback"
)

const (
	v2Path      = "/callbacks/v2/shop/main"
	v2Secret    = "zn_whsec_0123456789abcdef0123456789abcdef"
	v2OldSecret = "zn_whsec_fedcba9876543210fedcba9876543210"
	v2Order     = "5f0c3a52-6c1d-4b1e-9a55-0d8d6cc6a001"
	v2Body      = `{"event":"order.placed","order_id":"` + v2Order + `","status":"order_placed","timestamp":"2026-01-02T03:04:05Z","data":{"planted":1}}`
)

func v2Account(name, secret, key string) *v1alpha1.ZMAAccount {
	a := &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	if secret != "" {
		a.Spec.WebhookSecretRef = &v1alpha1.SecretKeyReference{Name: secret, Key: key}
	}
	return a
}

func v2Objects() []client.Object {
	return []client.Object{
		v2Account("main", "webhook", "secrets"), v2Account("quiet", "", ""), v2Account("keyless", "webhook", "absent"),
		v2Account("secretless", "absent", "secrets"), v2Account("weak", "webhook", "weak"), v2Account("other", "webhook", "other"),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "webhook"}, Data: map[string][]byte{
			"secrets": []byte(v2Secret + "\n" + v2OldSecret + "\n"), "weak": []byte("weak"), "other": []byte(strings.Repeat("o", 32))}},
	}
}

func v2Signature(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func v2Signed(secret, body string) func(*http.Request) {
	return header("X-Webhook-Signature", v2Signature(secret, body))
}

func TestAVerifiedV2CallbackIsAHintAndAlways200(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, v2Objects()...)
	for range 2 { // a repeated one is answered alike; the order does not even exist
		if r := h.send(v2Signed(v2Secret, v2Body), v2Path, v2Body); r.status != 200 || strings.TrimSpace(r.body) != "{}" {
			t.Errorf("%d %s, want exactly 200 {}", r.status, r.body)
		}
	}
	want := callback.Hint{Namespace: "shop", Account: "main", RequestID: v2Order}
	if diff := cmp.Diff([]callback.Hint{want, want}, h.hints); diff != "" {
		t.Error(diff)
	}
	row := h.records(2)[1]
	if row.Hint != want || row.Namespace != "shop" || row.Route != routeCallbackV2 || row.Category != categoryOK || row.Status != 200 ||
		row.ExternalIDHash != hashExternalID(v2Order) || !strings.HasPrefix(row.WebhookID, "sha256:") || row.BodyBytes != int64(len(v2Body)) {
		t.Errorf("row %+v", row)
	}
	if log := h.logged(); strings.Contains(log, "planted") || !strings.Contains(log, v2Order) {
		t.Errorf("the log has to name the order and nothing else of the body: %s", log)
	}
	if got := testutil.ToFloat64(h.metrics.CallbackHints.WithLabelValues(hintAccepted)); got != 2 {
		t.Errorf("accepted counted: %v", got)
	}
}

func TestV2SecretsRotateWithoutALostCallback(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, v2Objects()...)
	for line, secret := range map[string]string{"line-1": v2Secret, "line-2": v2OldSecret} {
		if r := h.send(v2Signed(secret, v2Body), v2Path, v2Body); r.status != 200 {
			t.Errorf("%d %s", r.status, r.body)
		}
		if got := testutil.ToFloat64(h.metrics.SecretMatches.WithLabelValues("shop/callbacks/main", line)); got != 1 {
			t.Errorf("the secret of %s matched %v times", line, got)
		}
	}
}

func TestV2CallbacksWithoutAValidSignatureAreRefusedAlike(t *testing.T) {
	raw, err := hex.DecodeString(v2Signature(v2Secret, v2Body))
	if err != nil {
		t.Fatal(err)
	}
	right := v2Signed(v2Secret, v2Body)
	signature := func(value string) func(*http.Request) { return header("X-Webhook-Signature", value) }
	cases := map[string]struct {
		path, body string
		auth       func(*http.Request)
	}{
		"no signature":                       {v2Path, v2Body, nil},
		"an empty signature":                 {v2Path, v2Body, signature("")},
		"a forged signature":                 {v2Path, v2Body, v2Signed("zn_whsec_of-somebody-else", v2Body)},
		"a signature cut off":                {v2Path, v2Body, signature(v2Signature(v2Secret, v2Body)[:32])},
		"a signature in base64":              {v2Path, v2Body, signature(base64.StdEncoding.EncodeToString(raw))},
		"a signature that is no hex":         {v2Path, v2Body, signature(strings.Repeat("z", 64))},
		"the secret instead of a signature":  {v2Path, v2Body, signature(v2Secret)},
		"a body cut off":                     {v2Path, v2Body[:len(v2Body)-1], right},
		"a body encoded anew":                {v2Path, strings.ReplaceAll(v2Body, `":"`, `": "`), right},
		"a body with another order":          {v2Path, strings.Replace(v2Body, "5f0c", "5f0d", 1), right},
		"no body":                            {v2Path, "", right},
		"the path of another account":        {"/callbacks/v2/shop/other", v2Body, right},
		"the path of another namespace":      {"/callbacks/v2/other/main", v2Body, right},
		"no such account":                    {"/callbacks/v2/shop/none", v2Body, right},
		"an account without a reference":     {"/callbacks/v2/shop/quiet", v2Body, right},
		"an account whose secret went":       {"/callbacks/v2/shop/secretless", v2Body, right},
		"an account whose key went":          {"/callbacks/v2/shop/keyless", v2Body, right},
		"a secret too short to be one":       {"/callbacks/v2/shop/weak", v2Body, v2Signed("weak", v2Body)},
		"no secret, signed with nothing":     {"/callbacks/v2/shop/quiet", v2Body, v2Signed("", v2Body)},
		"no secret, signed with what stands": {"/callbacks/v2/shop/quiet", v2Body, v2Signed(strings.Repeat("\x00", 16), v2Body)},
	}
	var first reply
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{}, v2Objects()...)
			r := h.send(tc.auth, tc.path, tc.body)
			wantProblem(t, r, 401, "unauthenticated")
			row := h.records(1)[0]
			if len(h.hints) != 0 || row.Hint != (callback.Hint{}) || row.Namespace != "" || row.ExternalIDHash != "" || row.Category != categoryAuth {
				t.Errorf("a refused callback left hints %v and %+v", h.hints, row)
			}
			if got := testutil.ToFloat64(h.metrics.CallbackHints.WithLabelValues(hintInvalid)); got != 1 {
				t.Errorf("invalid counted: %v", got)
			}
			if first.json == nil {
				first = r
			}
			if r.json["detail"] != first.json["detail"] || r.header.Get("Www-Authenticate") != first.header.Get("Www-Authenticate") {
				t.Errorf("answered %s, others %s", r.body, first.body)
			}
		})
	}
}

func TestASignedV2CallbackThatNamesNoOrderIs200AndNoHint(t *testing.T) {
	for reason, body := range map[string]string{
		"nothing":                   "",
		"no JSON":                   "order.placed",
		"no order":                  `{"event":"order.placed"}`,
		"an order that is a number": `{"order_id":1}`,
		"an order that is no ID":    `{"order_id":"zo/1\n"}`,
		"an order too long":         `{"order_id":"` + strings.Repeat("a", 65) + `"}`,
	} {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{}, v2Objects()...)
			if r := h.send(v2Signed(v2Secret, body), v2Path, body); r.status != 200 || strings.TrimSpace(r.body) != "{}" {
				t.Errorf("%d %s", r.status, r.body)
			}
			if row := h.records(1)[0]; len(h.hints) != 0 || row.Hint != (callback.Hint{}) || row.Outcome != hintUnreadable {
				t.Errorf("hints %v, row %+v", h.hints, row)
			}
			if got := testutil.ToFloat64(h.metrics.CallbackHints.WithLabelValues(hintUnreadable)); got != 1 {
				t.Errorf("unreadable counted: %v", got)
			}
		})
	}
}

func TestAV2CallbackBeyondBoundsIsNotRead(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, v2Objects()...)
	body := strings.Repeat("x", maxCallbackBytes+1)
	wantProblem(t, h.send(v2Signed(v2Secret, body), v2Path, body), 413, "body-too-large")
	if got := testutil.ToFloat64(h.metrics.CallbackHints.WithLabelValues(hintInvalid)); got != 1 || len(h.hints) != 0 {
		t.Errorf("invalid counted: %v, hints %v", got, h.hints)
	}
	wantProblem(t, h.send(nil, v2Path+"/zo-1", v2Body), 404, "not-found")
}

func TestAV2SecretThatCantBeReadIsNoWrongSignature(t *testing.T) {
	down := interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
		if _, ok := obj.(*corev1.Secret); ok {
			return errors.New("connection refused")
		}
		return c.Get(ctx, key, obj, opts...)
	}}
	h := newHarness(t, down, v2Objects()...)
	wantProblem(t, h.send(v2Signed(v2Secret, v2Body), v2Path, v2Body), 503, "unavailable")
	if got := testutil.ToFloat64(h.metrics.CallbackHints.WithLabelValues(hintUnavailable)); got != 1 {
		t.Errorf("unavailable counted: %v", got)
	}
}

func TestGuessingV2SignaturesIsLimited(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, v2Objects()...)
	for range badTokenRate().Burst {
		if r := h.send(nil, v2Path, v2Body); r.status != 401 {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	wantProblem(t, h.send(v2Signed(v2Secret, v2Body), v2Path, v2Body), 429, "rate-limited")
	h.advance(time.Second)
	if r := h.send(v2Signed(v2Secret, v2Body), v2Path, v2Body); r.status != 200 {
		t.Errorf("a good signature a second later: %d %s", r.status, r.body)
	}
}
