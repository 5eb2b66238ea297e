package webhookserver_test

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// unreachable answers reads as a cache does while the API server is away, and
// passes writes on to it.
type unreachable struct {
	client.Client
	source v1alpha1.WebhookSource
	secret string
}

func (u *unreachable) cached(namespace, secret string) {
	u.secret = secret
	u.source = v1alpha1.WebhookSource{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shop.SourceName},
		Spec: v1alpha1.WebhookSourceSpec{
			Auth:       v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks, SecretRefs: []v1alpha1.SecretKeyReference{{Name: "web-secret", Key: "secret"}}},
			AccountRef: v1alpha1.LocalReference{Name: shop.AccountName},
			RateLimit:  v1alpha1.RateLimit{PerMinute: 6000, Burst: 10, PerClientPerMinute: 6000},
		},
	}
}

// List gives the one source.
func (u *unreachable) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	if l, ok := list.(*v1alpha1.WebhookSourceList); ok {
		l.Items = []v1alpha1.WebhookSource{u.source}
	}
	return nil
}

// Get gives the source's Secret.
func (u *unreachable) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if s, ok := o.(*corev1.Secret); ok {
		s.Data = map[string][]byte{"secret": []byte(u.secret)}
		return nil
	}
	return u.Client.Get(ctx, key, o, opts...)
}
