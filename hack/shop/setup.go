package shop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Setup is a shop's configuration in the cluster.
type Setup struct {
	// Namespace of the shop; made when missing.
	Namespace string
	// ProviderURL of the ZMA API.
	ProviderURL string
	// ProviderToken of the account.
	ProviderToken string
	// CallbackURL is where the provider calls back; no callbacks when empty.
	CallbackURL string
	// PollInterval between reads of an open order.
	PollInterval time.Duration
	// SMTPHost and SMTPPort of the mail server; no mails when the port is 0.
	SMTPHost string
	SMTPPort int
	// SMTPCA is the certificate to trust; the system's when empty.
	SMTPCA []byte
	// Policy that orders have to pass; none when empty.
	Policy string
	// StripeKey of the account; none when empty.
	StripeKey string
	// Budget of the account; none when nil.
	Budget *v1alpha1.Budget
	// RatePerMinute and MaxInFlight of submissions; the product's defaults when 0.
	RatePerMinute, MaxInFlight int32
	// MoreAccounts like the first one, each with a provider account and a
	// WebhookSource of its own, which has the account's name.
	MoreAccounts []string
}

// Client talks to the API server with the product's types.
func Client(cfg *rest.Config) (client.WithWatch, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	return client.NewWithWatch(cfg, client.Options{Scheme: scheme})
}

// Apply makes the shop's objects and returns the secret of its webhooks.
func (s Setup) Apply(ctx context.Context, c client.Client) (secret string, err error) {
	secret = NewSecret()
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}},
		s.secret("zma-token", map[string]string{"token": s.ProviderToken}),
		s.secret("zma-callback", map[string]string{"2026-01": rand.Text() + rand.Text()}),
		s.secret("web-secret", map[string]string{"secret": secret}),
		s.account(AccountName, "acct-demo"),
		s.source(SourceName, AccountName),
	}
	for _, name := range s.MoreAccounts {
		objects = append(objects, s.account(name, ProviderAccountID(name)), s.source(name, name))
	}
	if s.StripeKey != "" {
		objects = append(objects, s.secret("stripe", map[string]string{"key": s.StripeKey}))
	}
	if s.SMTPPort != 0 {
		objects = append(objects, s.secret("smtp-ca", map[string]string{"ca.crt": string(s.SMTPCA)}), s.notifications())
	}
	for _, o := range objects {
		if err := c.Create(ctx, o); err != nil && !apierrors.IsAlreadyExists(err) {
			return "", fmt.Errorf("create %T %s: %w", o, o.GetName(), err)
		}
	}
	return secret, nil
}

func (s Setup) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: s.Namespace, Name: name}
}

func (s Setup) secret(name string, data map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: s.meta(name), StringData: data}
}

// ProviderAccountID of one of the MoreAccounts.
func ProviderAccountID(account string) string { return "acct-" + account }

func (s Setup) account(name, providerAccountID string) *v1alpha1.ZMAAccount {
	a := &v1alpha1.ZMAAccount{ObjectMeta: s.meta(name), Spec: v1alpha1.ZMAAccountSpec{
		BaseURL: s.ProviderURL, ProviderAccountID: providerAccountID, InstallationID: "6f0d4a58-0b2e-4f57-9a55-0d8d6cc6a001",
		SecretRef: v1alpha1.SecretKeyReference{Name: "zma-token", Key: "token"},
		Submission: v1alpha1.SubmissionLimits{
			RatePerMinute: s.RatePerMinute, MaxInFlight: s.MaxInFlight,
			BackoffBase: duration(time.Second), BackoffMax: duration(5 * time.Second),
		},
		Polling: v1alpha1.PollingRule{Interval: duration(s.PollInterval)},
		Balance: v1alpha1.BalanceRule{PollInterval: duration(2 * time.Second)},
		Budget:  s.Budget,
	}}
	if s.StripeKey != "" {
		a.Spec.StripeSecretRef = &v1alpha1.SecretKeyReference{Name: "stripe", Key: "key"}
	}
	if s.CallbackURL != "" {
		a.Spec.Callback = &v1alpha1.Callback{PublicURL: s.CallbackURL, SecretRef: v1alpha1.LocalReference{Name: "zma-callback"}, ActiveKey: "2026-01"}
	}
	if s.SMTPPort != 0 {
		a.Spec.NotificationPolicyRef = &v1alpha1.LocalReference{Name: "mails"}
	}
	return a
}

func (s Setup) source(name, account string) *v1alpha1.WebhookSource {
	source := &v1alpha1.WebhookSource{ObjectMeta: s.meta(name), Spec: v1alpha1.WebhookSourceSpec{
		Auth: v1alpha1.WebhookAuth{
			Scheme:     v1alpha1.AuthStandardWebhooks,
			SecretRefs: []v1alpha1.SecretKeyReference{{Name: "web-secret", Key: "secret"}},
		},
		AccountRef: v1alpha1.LocalReference{Name: account},
	}}
	if s.Policy != "" {
		source.Spec.PolicyRef = &v1alpha1.LocalReference{Name: s.Policy}
	}
	return source
}

func (s Setup) notifications() *v1alpha1.NotificationPolicy {
	p := &v1alpha1.NotificationPolicy{ObjectMeta: s.meta("mails"), Spec: v1alpha1.NotificationPolicySpec{
		SMTP:   v1alpha1.SMTPServer{Host: s.SMTPHost, Port: int32(s.SMTPPort)},
		Sender: "Demo Shop <orders@shop.example>",
	}}
	if len(s.SMTPCA) > 0 {
		p.Spec.SMTP.CARef = &v1alpha1.SecretKeyReference{Name: "smtp-ca", Key: "ca.crt"}
	}
	return p
}

// WebhookPath of the shop's source.
func (s Setup) WebhookPath() string { return s.PathOf(SourceName) }

// PathOf one of the shop's sources.
func (s Setup) PathOf(source string) string { return "/webhooks/" + s.Namespace + "/" + source }

func duration(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }
