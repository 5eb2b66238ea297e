package e2e

import (
	"crypto/rand"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestVersion2FromWebhookToReady carries orders through version 2 of the
// provider's API. A poll comes only every hour, so its signed callback must have
// found the order by the provider's ID: within a process, and from one to the
// other through Postgres.
func TestVersion2FromWebhookToReady(t *testing.T) {
	t.Parallel()
	for name, split := range map[string]bool{"in one process": false, "in separate processes": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{v2: true, split: split, poll: time.Hour})
			good := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
			refused := w.send(shop.NewOrder("1002", item(zmasim.ProductFor("product_unavailable"))))
			w.waitFor(good, "Ready", isReady)
			w.waitForReason(refused, v1alpha1.ReasonRejected)
			w.check(w.boughtOnce("1001"))
			w.check(w.accountedOnce("1001"))
			if !eventually(func() bool {
				rows, err := w.count("select count(*) from webhook_deliveries where route = 'callbacks-v2' and status = 200")
				return err == nil && rows > 0
			}) {
				t.Error("there is no callback in the delivery log")
			}
		})
	}
}

// useV2 changes the shop's account to version 2, whose callbacks the provider
// signs by a secret that is being rotated.
func (w *world) useV2(url string) {
	w.t.Helper()
	secret := "zn_whsec_" + rand.Text()
	w.must(w.client.Create(w.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "zma-webhook"},
		StringData: map[string]string{"secret": "zn_whsec_" + rand.Text() + "\n" + secret + "\n"},
	}))
	var account v1alpha1.ZMAAccount
	w.must(w.client.Get(w.t.Context(), types.NamespacedName{Namespace: w.namespace, Name: shop.AccountName}, &account))
	// The version can't be changed, so the account is made anew.
	w.must(w.client.Delete(w.t.Context(), &account))
	account.ObjectMeta = metav1.ObjectMeta{Namespace: w.namespace, Name: shop.AccountName}
	account.Spec.APIVersion, account.Spec.Callback = "v2", nil
	account.Spec.WebhookSecretRef = &v1alpha1.SecretKeyReference{Name: "zma-webhook", Key: "secret"}
	w.must(w.client.Create(w.t.Context(), &account))
	w.sim.SetV2Webhook(url+"/callbacks/v2/"+w.namespace+"/"+shop.AccountName, secret)
}

// providerURL is where the version of the API is served that the account uses.
func (w *world) providerURL(s settings) string {
	if s.v2 {
		return w.sim.V2URL()
	}
	return w.sim.URL()
}
