package webhookserver_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/internal/callback"
)

// v2Callback posts a body signed by a secret and returns the status.
func v2Callback(t *testing.T, url, secret, body string) int {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Webhook-Event", "order.placed")
	req.Header.Set("X-Webhook-Signature", hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestV2CallbacksNeedTheirSignature(t *testing.T) {
	const secret, old = "zn_whsec_0123456789abcdef", "zn_whsec_fedcba9876543210"
	e := newEndpoint(t)
	own := e.url + "/callbacks/v2/" + e.namespace + "/" + shop.AccountName
	body := `{"event":"order.placed","order_id":"5f0c3a52-6c1d-4b1e-9a55-0d8d6cc6a001"}`
	if got := v2Callback(t, own, secret, body); got != http.StatusUnauthorized {
		t.Errorf("before the account names a secret it is answered %d, want 401", got)
	}
	if err := api.Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "zma-webhook"},
		StringData: map[string]string{"secret": secret + "\n" + old + "\n"},
	}); err != nil {
		t.Fatal(err)
	}
	var account v1alpha1.ZMAAccount
	if err := api.Get(t.Context(), types.NamespacedName{Namespace: e.namespace, Name: shop.AccountName}, &account); err != nil {
		t.Fatal(err)
	}
	account.Spec.WebhookSecretRef = &v1alpha1.SecretKeyReference{Name: "zma-webhook", Key: "secret"}
	if err := api.Update(t.Context(), &account); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{secret, old} {
		if got := v2Callback(t, own, s, body); got != http.StatusOK {
			t.Errorf("a good signature is answered %d", got)
		}
	}
	want := callback.Hint{Namespace: e.namespace, Account: shop.AccountName, RequestID: "5f0c3a52-6c1d-4b1e-9a55-0d8d6cc6a001"}
	if row := e.deliveries.last(); row.Hint != want || row.Status != http.StatusOK {
		t.Errorf("delivery log: %+v", row)
	}
	for name, got := range map[string]int{
		"another secret":    v2Callback(t, own, "zn_whsec_of-somebody-else", body),
		"another account":   v2Callback(t, own+"-2", secret, body),
		"another namespace": v2Callback(t, e.url+"/callbacks/v2/other/"+shop.AccountName, secret, body),
	} {
		if got != http.StatusUnauthorized {
			t.Errorf("%s is answered %d, want 401", name, got)
		}
	}
	if e.hints.count() != 2 {
		t.Errorf("%d hints, want 2", e.hints.count())
	}
}
