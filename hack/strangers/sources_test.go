package strangers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// secretKey is the key in each Secret.
const secretKey = "secret"

// makeSources makes a source for each party, and another one with the other
// secret.
func (w *world) makeSources(ctx context.Context) error {
	w.parties = parties()
	for _, p := range w.parties {
		if err := w.makeSource(ctx, w.source(p.name, p.auth), p.secret); err != nil {
			return err
		}
		if err := w.makeSource(ctx, w.source("other-"+p.name, p.auth), p.other); err != nil {
			return err
		}
	}
	mapped := w.source(mapped, v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthBearer})
	mapped.Spec.Mapping = mapping("body.title")
	return w.makeSource(ctx, mapped, w.party("bearer").secret)
}

// mapped is the name of a source that takes another body than the native one.
const mapped = "mapped"

// mapping of the body that mappedBody makes, with an expression for the title of
// the item.
func mapping(title string) *v1alpha1.WebhookMapping {
	return &v1alpha1.WebhookMapping{ExternalID: "body.id", Order: `{
		"items": [{"productID": body.sku, "quantity": 1, "title": ` + title + `}],
		"shippingAddress": body.address,
		"customer": {"id": body.customer},
		"total": {"currency": "USD", "amountCents": body.cents}
	}`}
}

// party by its name.
func (w *world) party(name string) *party {
	for _, p := range w.parties {
		if p.name == name {
			return p
		}
	}
	panic("no party " + name)
}

// source without limits, whose only secret is in the Secret of its name.
func (w *world) source(name string, auth v1alpha1.WebhookAuth) *v1alpha1.WebhookSource {
	auth.SecretRefs = []v1alpha1.SecretKeyReference{{Name: name, Key: secretKey}}
	auth.Tolerance = &metav1.Duration{Duration: tolerance}
	return &v1alpha1.WebhookSource{ObjectMeta: w.meta(name), Spec: v1alpha1.WebhookSourceSpec{
		Auth: auth, RateLimit: unlimited(), MaxBodyBytes: maxBody, AccountRef: v1alpha1.LocalReference{Name: shop.AccountName},
	}}
}

// maxBody of every source here.
const maxBody = 64 << 10

func (w *world) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: w.site.Namespace, Name: name}
}

// makeSource makes a source and the Secret of its name.
func (w *world) makeSource(ctx context.Context, src *v1alpha1.WebhookSource, s secret) error {
	plant(s.listed, s.signing)
	for _, o := range []client.Object{
		&corev1.Secret{ObjectMeta: w.meta(src.Name), StringData: map[string]string{secretKey: s.listed}}, src,
	} {
		if err := w.site.Client.Create(ctx, o); err != nil {
			return fmt.Errorf("create %T %s: %w", o, o.GetName(), err)
		}
	}
	return nil
}

// path on which a source is served.
func (w *world) path(source string) string { return w.site.Path(source) }

// settle is how long a change of a source or Secret may take to be known: by its
// docs, seconds.
const settle = 15 * time.Second
