package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

// Settings are all that is needed to send mail by one NotificationPolicy.
type Settings struct {
	// Sender of the mails.
	Sender *mail.Address
	// Server that takes them.
	Server Server
	// Templates of the mails.
	Templates *Templates
}

// SetupError says why a policy can't be used as it is. Mails of such a policy
// wait until somebody mends it.
type SetupError struct {
	// Reason for the condition Ready.
	Reason string
	// Message for people; it holds no secret.
	Message string
}

// Error is the message.
func (e *SetupError) Error() string { return e.Message }

// channelWebhook is the type of channel that signs what it sends.
const channelWebhook v1alpha1.ChannelType = "webhook"

// Loader reads what a policy refers to. The controller that judges a policy and
// the worker that sends by it share one, so that they can't differ about it.
type Loader struct {
	// Client reads ConfigMaps; it must not be one that watches all of them.
	Client client.Reader
	// Secrets reads credentials and certificates.
	Secrets *secrets.Reader
}

// Load makes a policy's settings. A *SetupError means that the policy can't be
// used; any other error, that it could not be judged now.
func (l *Loader) Load(ctx context.Context, p *v1alpha1.NotificationPolicy) (*Settings, error) {
	sender, err := mail.ParseAddress(p.Spec.Sender)
	if err != nil || line(p.Spec.Sender) != strings.TrimSpace(p.Spec.Sender) {
		return nil, &SetupError{v1alpha1.ReasonInvalid, "spec.sender is not a mail address"}
	}
	server := Server{Host: p.Spec.SMTP.Host, Port: p.Spec.SMTP.Port, TLS: p.Spec.SMTP.TLS, Helo: heloOf(sender.Address)}
	if server.RootCAs, err = l.rootCAs(ctx, p); err != nil {
		return nil, err
	}
	if server.Credentials, err = l.credentials(ctx, p); err != nil {
		return nil, err
	}
	t, err := l.templates(ctx, p)
	if err != nil {
		return nil, err
	}
	return &Settings{Sender: sender, Server: server, Templates: t}, nil
}

func (l *Loader) rootCAs(ctx context.Context, p *v1alpha1.NotificationPolicy) (*x509.CertPool, error) {
	ref := p.Spec.SMTP.CARef
	if ref == nil {
		return nil, nil
	}
	pem, err := l.key(ctx, p.Namespace, ref.Name, ref.Key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &SetupError{v1alpha1.ReasonSecretUnusable,
			fmt.Sprintf("key %s of secret %s holds no PEM certificate", ref.Key, ref.Name)}
	}
	return pool, nil
}

func (l *Loader) credentials(ctx context.Context, p *v1alpha1.NotificationPolicy) (*Credentials, error) {
	ref := p.Spec.SMTP.SecretRef
	if ref == nil {
		return nil, nil
	}
	user, err := l.key(ctx, p.Namespace, ref.Name, "username")
	if err != nil {
		return nil, err
	}
	password, err := l.key(ctx, p.Namespace, ref.Name, "password")
	if err != nil {
		return nil, err
	}
	return &Credentials{Username: string(user), Password: string(password)}, nil
}

// Check judges a whole policy: what Load needs, and that the Secrets of its
// channels exist. Load does without these, because a customer's mail must not
// wait for an administrator's channel. Errors are those of Load.
func (l *Loader) Check(ctx context.Context, p *v1alpha1.NotificationPolicy) error {
	if _, err := l.Load(ctx, p); err != nil {
		return err
	}
	return l.channels(ctx, p)
}

func (l *Loader) channels(ctx context.Context, p *v1alpha1.NotificationPolicy) error {
	for _, c := range p.Spec.Channels {
		keys := []string{"url"}
		if c.Type == channelWebhook {
			keys = append(keys, "secret")
		}
		for _, k := range keys {
			if _, err := l.key(ctx, p.Namespace, c.SecretRef.Name, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Loader) key(ctx context.Context, namespace, name, key string) ([]byte, error) {
	v, err := l.Secrets.Key(ctx, namespace, name, key)
	if errors.Is(err, secrets.ErrNotFound) {
		return nil, &SetupError{v1alpha1.ReasonSecretNotFound, fmt.Sprintf("secret %s has no key %s, or does not exist", name, key)}
	}
	if err != nil {
		return nil, fmt.Errorf("read what the policy refers to: %w", err)
	}
	return v, nil
}

func (l *Loader) templates(ctx context.Context, p *v1alpha1.NotificationPolicy) (*Templates, error) {
	var overrides map[string]string
	if ref := p.Spec.TemplatesRef; ref != nil {
		var cm corev1.ConfigMap
		err := l.Client.Get(ctx, types.NamespacedName{Namespace: p.Namespace, Name: ref.Name}, &cm)
		if apierrors.IsNotFound(err) {
			return nil, &SetupError{v1alpha1.ReasonCompileFailed, fmt.Sprintf("config map %s of templates does not exist", ref.Name)}
		}
		if err != nil {
			return nil, fmt.Errorf("read config map %s of templates: %w", ref.Name, err)
		}
		overrides = cm.Data
	}
	t, err := ParseTemplates(overrides)
	if err != nil {
		return nil, &SetupError{v1alpha1.ReasonCompileFailed, err.Error()}
	}
	return t, nil
}

// heloOf is the name that the client greets with: the sender's domain, because
// the name of a pod is not one that a strict server accepts.
func heloOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	for _, r := range domain {
		if r > '~' {
			return "localhost"
		}
	}
	return domain
}
