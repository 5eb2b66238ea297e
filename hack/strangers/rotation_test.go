package strangers

import (
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// rotated is a source whose secrets change: keys of one Secret.
const rotated = "rotated"

// TestSecretsRotateUnderLoadWithoutARefusal changes the secrets of a source again
// and again while senders post: old and new together, then the new one alone, once
// as keys of one Secret and once as a Secret of its own. No sender is refused whose
// secret is listed, no request is dropped, the metric says which secret is used,
// and one that is no longer listed verifies nothing.
func TestSecretsRotateUnderLoadWithoutARefusal(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	p := x.world.party("standard")
	if err := x.world.makeSource(t.Context(), x.world.source(rotated, p.auth), p.secret); err != nil {
		t.Fatal(err)
	}
	served(t, x, rotated)
	l := &load{target: x, witness: w, source: rotated, sign: p.sign}
	l.start(t, p.secret.signing, http.StatusAccepted)
	old := v1alpha1.SecretKeyReference{Name: rotated, Key: secretKey}
	for _, next := range []v1alpha1.SecretKeyReference{
		{Name: rotated, Key: "second"}, {Name: "rotated-alone", Key: secretKey}, {Name: rotated, Key: "third"},
	} {
		before, key := *l.key.Load(), shop.NewSecret()
		plant(key)
		x.world.store(t, next, key)
		x.world.change(t, rotated, func(s *v1alpha1.WebhookSource) { s.Spec.Auth.SecretRefs = []v1alpha1.SecretKeyReference{next, old} })
		await(t, "the new secret", func() bool { return w.opens(t, rotated, p, key) })
		l.key.Store(&key)
		used := x.matches(t, next)
		await(t, "the metric of the new secret", func() bool { return x.matches(t, next) > used+10 })
		x.world.change(t, rotated, func(s *v1alpha1.WebhookSource) { s.Spec.Auth.SecretRefs = []v1alpha1.SecretKeyReference{next} })
		await(t, "the end of the old secret", func() bool { return !w.opens(t, rotated, p, before) })
		rest := x.matches(t, old)
		used = x.matches(t, next)
		await(t, "more of the new secret", func() bool { return x.matches(t, next) > used+10 })
		if now := x.matches(t, old); now != rest {
			t.Errorf("the old secret is still counted: %v, and before %v", now, rest)
		}
		old = next
	}
	if got := l.end(t); got[http.StatusAccepted] < 100 {
		t.Errorf("there was hardly any load: %v", got)
	}
}

// store puts a value into a Secret, which is made when there is none.
func (w *world) store(t *testing.T, ref v1alpha1.SecretKeyReference, value string) {
	t.Helper()
	s := corev1.Secret{ObjectMeta: w.meta(ref.Name)}
	err := w.site.Client.Get(t.Context(), client.ObjectKeyFromObject(&s), &s)
	s.StringData = map[string]string{ref.Key: value}
	if err == nil {
		err = w.site.Client.Update(t.Context(), &s)
	} else if client.IgnoreNotFound(err) == nil {
		err = w.site.Client.Create(t.Context(), &s)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// opens tells whether a key opens a source now.
func (w *witness) opens(t *testing.T, source string, p *party, key string) bool {
	t.Helper()
	m := message{id: "probe", at: time.Now(), body: []byte("{}")}
	r := w.target.post(t, w.target.world.path(source), p.sign(key, m), m.body)
	if !one(r.status, http.StatusBadRequest, http.StatusUnauthorized) {
		t.Errorf("a probe: %v", r)
	}
	return r.status == http.StatusBadRequest
}

// matches of a secret of the rotated source that were counted.
func (x *target) matches(t *testing.T, ref v1alpha1.SecretKeyReference) float64 {
	t.Helper()
	m, err := x.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, _ := m.Sum("zma_webhook_secret_matches_total", map[string]string{
		"source": x.world.site.Namespace + "/" + rotated, "secret": ref.Name + "/" + ref.Key,
	})
	return n
}
