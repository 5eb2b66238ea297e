package notify

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

func TestCheckSaysWhatIsWrongWithAPolicy(t *testing.T) {
	_, pemBytes := newCert(t, "")
	objects := []client.Object{
		secret("good-ca", "ca.crt", string(pemBytes)), secret("bad-ca", "ca.crt", "not a certificate"),
		secret("login", "username", "mailer", "password", "hunter2hunter2"), secret("half", "username", "mailer"),
		secret("slack", "url", "https://chat.example.com/hook"),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "broken"},
			Data: map[string]string{"confirmation.text": "{{"}},
	}
	ca := func(name string) func(*v1alpha1.NotificationPolicy) {
		return func(p *v1alpha1.NotificationPolicy) {
			p.Spec.SMTP.CARef = &v1alpha1.SecretKeyReference{Name: name, Key: "ca.crt"}
		}
	}
	login := func(name string) func(*v1alpha1.NotificationPolicy) {
		return func(p *v1alpha1.NotificationPolicy) { p.Spec.SMTP.SecretRef = &v1alpha1.LocalReference{Name: name} }
	}
	templates := func(name string) func(*v1alpha1.NotificationPolicy) {
		return func(p *v1alpha1.NotificationPolicy) { p.Spec.TemplatesRef = &v1alpha1.LocalReference{Name: name} }
	}
	channel := func(kind v1alpha1.ChannelType) func(*v1alpha1.NotificationPolicy) {
		return func(p *v1alpha1.NotificationPolicy) {
			p.Spec.Channels = []v1alpha1.AdminChannel{{Name: "ops", Type: kind, SecretRef: v1alpha1.LocalReference{Name: "slack"}}}
		}
	}
	sender := func(s string) func(*v1alpha1.NotificationPolicy) {
		return func(p *v1alpha1.NotificationPolicy) { p.Spec.Sender = s }
	}
	cases := map[string]struct {
		change     func(*v1alpha1.NotificationPolicy)
		reason     string
		mailsGoOut bool
	}{
		"nothing":                            {func(*v1alpha1.NotificationPolicy) {}, "", true},
		"a certificate and a login are fine": {func(p *v1alpha1.NotificationPolicy) { ca("good-ca")(p); login("login")(p) }, "", true},
		"the authority's Secret is missing":  {ca("none"), v1alpha1.ReasonSecretNotFound, false},
		"the authority is no certificate":    {ca("bad-ca"), v1alpha1.ReasonSecretUnusable, false},
		"the login's Secret is missing":      {login("none"), v1alpha1.ReasonSecretNotFound, false},
		"the password is missing":            {login("half"), v1alpha1.ReasonSecretNotFound, false},
		"the templates are missing":          {templates("none"), v1alpha1.ReasonCompileFailed, false},
		"the templates do not parse":         {templates("broken"), v1alpha1.ReasonCompileFailed, false},
		"the sender is no address":           {sender("The Shop <orders>"), v1alpha1.ReasonInvalid, false},
		"the sender makes a header":          {sender("orders@shop.test\r\nBcc: e@example.com"), v1alpha1.ReasonInvalid, false},
		"a Slack channel needs only its URL": {channel("slack"), "", true},
		"a webhook needs a secret, but customers' mails do not wait for it": {
			channel("webhook"), v1alpha1.ReasonSecretNotFound, true},
	}
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(objects...).Build()
	l := &Loader{Client: c, Secrets: secrets.NewReader(c, 0, func() time.Time { return time.Unix(0, 0) })}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := policyOfShop(tc.change)
			err := l.Check(context.Background(), p)
			var setup *SetupError
			if tc.reason == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tc.reason != "" && (!errors.As(err, &setup) || setup.Reason != tc.reason) {
				t.Fatalf("got %v, want the reason %s", err, tc.reason)
			}
			if _, err := l.Load(context.Background(), p); (err == nil) != tc.mailsGoOut {
				t.Errorf("mails go out: %v, want %v", err == nil, tc.mailsGoOut)
			}
		})
	}
}
