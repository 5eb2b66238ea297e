package controllers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

const (
	sourceSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	// standardKey is the ed25519 public key of RFC 8032, section 7.1, test 1.
	standardKey = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)

func sourceNamed(name string, change func(*v1alpha1.WebhookSource)) *v1alpha1.WebhookSource {
	s := &v1alpha1.WebhookSource{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Generation: 3, CreationTimestamp: metav1.NewTime(time.Unix(1_700_000_000, 0))},
		Spec: v1alpha1.WebhookSourceSpec{
			Auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks,
				SecretRefs: []v1alpha1.SecretKeyReference{{Name: "keys", Key: "good"}}},
			AccountRef: v1alpha1.LocalReference{Name: "main"},
		},
	}
	if change != nil {
		change(s)
	}
	return s
}

// sourceWorld has an account, a Secret, and counts writes of status.
func sourceWorld(t *testing.T, writes *int, objects ...client.Object) *WebhookSourceReconciler {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	objects = append(objects,
		&v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "keys"},
			Data: map[string][]byte{"good": []byte(sourceSecret), "planted": []byte("planted"), "text": []byte("sixteen letters!"),
				"public": []byte("whpk_" + standardKey), "private": []byte("whsk_" + standardKey)}})
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.WebhookSource{}).
		WithInterceptorFuncs(interceptor.Funcs{SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			*writes++
			return c.SubResource(sub).Update(ctx, o, opts...)
		}}).Build()
	now := func() time.Time { return time.Unix(1_750_000_000, 0) }
	return &WebhookSourceReconciler{client: c, secrets: secrets.NewReader(c, 0, now), now: now}
}

func reconcileSource(t *testing.T, r *WebhookSourceReconciler, name string) v1alpha1.WebhookSource {
	t.Helper()
	key := client.ObjectKey{Namespace: "shop", Name: name}
	result, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: key})
	if err != nil {
		t.Fatal(err)
	}
	if result.RequeueAfter <= 0 {
		t.Error("Secrets are not watched, and the source is not looked at again")
	}
	var got v1alpha1.WebhookSource
	if err := r.client.Get(t.Context(), key, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestASourceSaysWhetherItIsServed(t *testing.T) {
	const path = "/webhooks/shop/web"
	keys := func(keys ...string) func(*v1alpha1.WebhookSource) {
		return func(s *v1alpha1.WebhookSource) {
			s.Spec.Auth.SecretRefs = nil
			for _, k := range keys {
				s.Spec.Auth.SecretRefs = append(s.Spec.Auth.SecretRefs, v1alpha1.SecretKeyReference{Name: "keys", Key: k})
			}
		}
	}
	signedBy := func(scheme v1alpha1.AuthScheme, key string) func(*v1alpha1.WebhookSource) {
		return func(s *v1alpha1.WebhookSource) {
			keys(key)(s)
			if s.Spec.Auth.Scheme = scheme; scheme == v1alpha1.AuthHMAC {
				s.Spec.Auth.HMAC = &v1alpha1.HMACScheme{Header: "X-Signature"}
			}
		}
	}
	mapped := func(order string) func(*v1alpha1.WebhookSource) {
		return func(s *v1alpha1.WebhookSource) {
			s.Spec.Mapping = &v1alpha1.WebhookMapping{ExternalID: "body.id", Order: order}
		}
	}
	cases := map[string]struct {
		name   string
		change func(*v1alpha1.WebhookSource)
		reason string
		// message begins with it.
		message string
		path    string
	}{
		"complete":                      {reason: v1alpha1.ReasonSucceeded, path: path},
		"suspended":                     {change: func(s *v1alpha1.WebhookSource) { s.Spec.Suspend = true }, reason: v1alpha1.ReasonSuspended, path: path},
		"a filter":                      {change: func(s *v1alpha1.WebhookSource) { s.Spec.EventFilter = `body.paid == true` }, reason: v1alpha1.ReasonSucceeded, path: path},
		"a mapping":                     {change: mapped("{\n  'items': body.lines\n}"), reason: v1alpha1.ReasonSucceeded, path: path},
		"a wrong filter":                {change: func(s *v1alpha1.WebhookSource) { s.Spec.EventFilter = "body.paid ==" }, reason: v1alpha1.ReasonMappingInvalid, message: "eventFilter:1:", path: path},
		"a wrong mapping":               {change: mapped("{\n  'items': body.lines,\n  'total': totals(body)\n}"), reason: v1alpha1.ReasonMappingInvalid, message: "mapping.order:3:18: ", path: path},
		"a wrong mapping, suspended":    {change: func(s *v1alpha1.WebhookSource) { mapped("(")(s); s.Spec.Suspend = true }, reason: v1alpha1.ReasonMappingInvalid, message: "mapping.order:1:", path: path},
		"a mapping full of errors":      {change: mapped(strings.Repeat("äöü(", 2000)), reason: v1alpha1.ReasonMappingInvalid, message: "mapping.order:1:", path: path},
		"a secret of Stripe":            {change: signedBy(v1alpha1.AuthStripe, "good"), reason: v1alpha1.ReasonSucceeded, path: path},
		"no secret of Stripe":           {change: signedBy(v1alpha1.AuthStripe, "text"), reason: v1alpha1.ReasonSecretUnusable, path: path},
		"a secret of hmac":              {change: signedBy(v1alpha1.AuthHMAC, "text"), reason: v1alpha1.ReasonSucceeded, path: path},
		"a short secret of hmac":        {change: signedBy(v1alpha1.AuthHMAC, "planted"), reason: v1alpha1.ReasonSecretUnusable, path: path},
		"a token":                       {change: signedBy(v1alpha1.AuthBearer, "good"), reason: v1alpha1.ReasonSucceeded, path: path},
		"a short token":                 {change: signedBy(v1alpha1.AuthBearer, "text"), reason: v1alpha1.ReasonSecretUnusable, path: path},
		"a public key":                  {change: signedBy(v1alpha1.AuthStandardWebhooks, "public"), reason: v1alpha1.ReasonSucceeded, path: path},
		"a private key":                 {change: signedBy(v1alpha1.AuthStandardWebhooks, "private"), reason: v1alpha1.ReasonSecretUnusable, path: path},
		"a name that orders can't have": {name: v1alpha1.ManualSource, reason: v1alpha1.ReasonNotSupported},
		"a name beyond an order's":      {name: strings.Repeat("w", 253), reason: v1alpha1.ReasonNotSupported},
		"no account":                    {change: func(s *v1alpha1.WebhookSource) { s.Spec.AccountRef.Name = "none" }, reason: v1alpha1.ReasonAccountNotReady, path: path},
		"no secret":                     {change: keys("good", "absent"), reason: v1alpha1.ReasonSecretNotFound, path: path},
		"a short secret":                {change: keys("good", "planted"), reason: v1alpha1.ReasonSecretUnusable, path: path},
		"an older source has its path":  {change: func(s *v1alpha1.WebhookSource) { s.Spec.Path = "old" }, reason: v1alpha1.ReasonPathConflict, path: "/webhooks/shop/old"},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			if tc.name == "" {
				tc.name = "web"
			}
			writes := 0
			older := sourceNamed("old", func(s *v1alpha1.WebhookSource) { s.CreationTimestamp = metav1.NewTime(time.Unix(1_600_000_000, 0)) })
			r := sourceWorld(t, &writes, sourceNamed(tc.name, tc.change), older)
			got := reconcileSource(t, r, tc.name)
			ready := meta.FindStatusCondition(got.Status.Conditions, v1alpha1.ConditionReady)
			if ready == nil || ready.Reason != tc.reason || (ready.Status == metav1.ConditionTrue) != (tc.reason == v1alpha1.ReasonSucceeded) {
				t.Fatalf("Ready is %+v, want reason %s", ready, tc.reason)
			}
			if got.Status.ObservedGeneration != 3 || ready.ObservedGeneration != 3 || got.Status.WebhookPath != tc.path {
				t.Errorf("status %+v, want path %q", got.Status, tc.path)
			}
			if !strings.HasPrefix(ready.Message, tc.message) || len(ready.Message) > 1024 || !utf8.ValidString(ready.Message) {
				t.Errorf("message of %d bytes %q, want at most 1024 that begin with %q", len(ready.Message), ready.Message, tc.message)
			}
			if strings.Contains(ready.Message, "planted") {
				t.Errorf("the message quotes a secret: %s", ready.Message)
			}
			if reconcileSource(t, r, tc.name); writes != 1 {
				t.Errorf("%d writes of status for one change", writes)
			}
		})
	}
}

func TestASecretThatCantBeReadIsTriedAgain(t *testing.T) {
	writes := 0
	r := sourceWorld(t, &writes, sourceNamed("web", nil))
	r.secrets = secrets.NewReader(interceptor.NewClient(r.client.(client.WithWatch), interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return errors.New("connection refused")
		}}), 0, r.now)
	_, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "shop", Name: "web"}})
	if err == nil || writes != 0 {
		t.Errorf("error %v, %d writes: an outage must not make a source not ready", err, writes)
	}
}

func TestAnAccountWakesItsSources(t *testing.T) {
	writes := 0
	r := sourceWorld(t, &writes, sourceNamed("a", nil), sourceNamed("b", func(s *v1alpha1.WebhookSource) { s.Spec.AccountRef.Name = "other" }))
	got := r.sourcesOf(t.Context(), &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}})
	if len(got) != 1 || got[0].Name != "a" {
		t.Errorf("woken: %v", got)
	}
}

func TestAMessageIsBoundedAtACharacter(t *testing.T) {
	const place = "mapping.order:3:14: "
	if got := bounded(place + "short"); got != place+"short" {
		t.Errorf("a short message became %q", got)
	}
	for pad := range 4 {
		got := bounded(place + strings.Repeat("x", pad) + strings.Repeat("€", 2000))
		if len(got) > 1024 || len(got) < 1000 || !utf8.ValidString(got) || !strings.HasPrefix(got, place) || !strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes, valid %t: %.40q", len(got), utf8.ValidString(got), got)
		}
	}
}
