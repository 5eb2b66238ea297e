package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/spf13/pflag"

	"github.com/zma-operator/zma-operator/controllers"
)

// Environment is what the process gives: nothing else reads it.
type Environment struct {
	// Version of the binary.
	Version string
	// Now is the clock.
	Now func() time.Time
	// Roll gives random numbers in [0,1).
	Roll func() float64
	// DatabaseURL of Postgres. It holds a password: never log it.
	DatabaseURL string
	// Out takes what a command prints.
	Out io.Writer
	// Log takes log lines.
	Log io.Writer
}

// Options are the flags of the long-running commands.
type Options struct {
	// WebhookAddr is where the webhook endpoint listens.
	WebhookAddr string
	// TrustedProxies may name a webhook's client in X-Forwarded-For, as networks in
	// CIDR form.
	TrustedProxies []string
	// WebhookMaxConnections at once; no bound when 0.
	WebhookMaxConnections int
	// WebhookBodyBudget is the memory in bytes that bodies of webhooks may take.
	WebhookBodyBudget int64
	// WebhookTLSCertFile and WebhookTLSKeyFile turn on TLS; both or none.
	WebhookTLSCertFile, WebhookTLSKeyFile string
	// MetricsAddr is where metrics are served; "0" turns them off.
	MetricsAddr string
	// MetricsSecure serves metrics by TLS to callers that the API server
	// authorises.
	MetricsSecure bool
	// HealthAddr is where probes are answered.
	HealthAddr string
	// LeaderElect makes one controller of many replicas.
	LeaderElect bool
	// LeaderNamespace holds the lease; the pod's own when empty.
	LeaderNamespace string
	// Namespaces to work in; all when empty.
	Namespaces []string
	// Workers reconcile orders at the same time.
	Workers int
	// CallTimeout bounds one call to the provider.
	CallTimeout time.Duration
	// DrainTimeout bounds the shutdown. It has to exceed CallTimeout and stay
	// below the pod's grace period.
	DrainTimeout time.Duration
	// MailLease is how long one process may take to send a mail; another sends it
	// when the lease has run out.
	MailLease time.Duration
	// AllowUnstampedRecovery acts on recovery requests that no admission policy has
	// stamped with who asked.
	AllowUnstampedRecovery bool
	// SweepInterval is the pause between two comparisons with the provider's list of
	// orders; 0 turns them off.
	SweepInterval time.Duration
	// Retention is how long finished orders stay in the cluster; for ever when 0.
	Retention time.Duration
	// DeliveryRetention is how long the delivery log is kept, in whole months; for
	// ever when 0.
	DeliveryRetention time.Duration
	// PersonalDataRetention is how long the personal data of an order is kept after
	// it left the cluster; for ever when 0.
	PersonalDataRetention time.Duration
	// LeaseDuration, RenewDeadline and RetryPeriod of the leader's lease.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
	// StripeURL of Stripe's API; its public one when empty.
	StripeURL string
	// LogFormat is json or text.
	LogFormat string
	// LogLevel is debug, info, warn or error.
	LogLevel string
}

// Bind defines the flags.
func (o *Options) Bind(f *pflag.FlagSet) {
	f.StringVar(&o.WebhookAddr, "webhook-bind-address", ":8080", "address of the webhook endpoint")
	f.StringSliceVar(&o.TrustedProxies, "trusted-proxy", nil, "network, as CIDR, whose X-Forwarded-For names the client; repeatable")
	f.IntVar(&o.WebhookMaxConnections, "webhook-max-connections", 4096, "connections of the webhook endpoint at once; the one that has waited longest for its sender makes room; 0 means no bound")
	f.Int64Var(&o.WebhookBodyBudget, "webhook-body-budget", 64<<20, "memory in bytes for bodies of webhooks, from their first byte to the answer")
	f.StringVar(&o.WebhookTLSCertFile, "webhook-tls-cert-file", "", "certificate chain, PEM, to serve webhooks by TLS; followed as it changes")
	f.StringVar(&o.WebhookTLSKeyFile, "webhook-tls-key-file", "", "key of the certificate, PEM; followed as it changes")
	f.StringVar(&o.MetricsAddr, "metrics-bind-address", ":8443", "address of the metrics endpoint; 0 turns it off")
	f.BoolVar(&o.MetricsSecure, "metrics-secure", true, "serve metrics by TLS to authorised callers only")
	f.StringVar(&o.HealthAddr, "health-probe-bind-address", ":8081", "address of /healthz and /readyz")
	f.BoolVar(&o.LeaderElect, "leader-elect", false, "make one controller of many replicas")
	f.StringVar(&o.LeaderNamespace, "leader-election-namespace", "", "namespace of the lease; the pod's own when empty")
	f.StringSliceVar(&o.Namespaces, "namespace", nil, "namespace to work in; repeatable; all when absent")
	f.IntVar(&o.Workers, "max-concurrent-reconciles", 32, "orders reconciled at the same time")
	f.DurationVar(&o.CallTimeout, "call-timeout", 20*time.Second, "longest call to the provider")
	f.DurationVar(&o.DrainTimeout, "drain-timeout", 50*time.Second, "longest shutdown; more than call-timeout plus 20s, less than the pod's grace period")
	f.DurationVar(&o.MailLease, "mail-lease", 2*time.Minute, "longest time to send one mail; after a crash it is sent again when this has passed")
	f.BoolVar(&o.AllowUnstampedRecovery, "allow-unstamped-recovery", false, "act on recovery requests that the admission policy has not stamped with who asked")
	f.DurationVar(&o.SweepInterval, "orphan-sweep-interval", 30*time.Minute, "pause between two comparisons with the provider's list of orders; 0 turns them off")
	f.DurationVar(&o.Retention, "retention", 0, "how long finished orders stay in the cluster; 0 keeps them")
	f.DurationVar(&o.DeliveryRetention, "delivery-retention", 90*24*time.Hour, "how long the delivery log is kept, to the month; at least 720h; 0 keeps it")
	f.DurationVar(&o.PersonalDataRetention, "personal-data-retention", 0, "how long personal data of orders is kept after they left the cluster; at least 1h; 0 keeps it")
	f.DurationVar(&o.LeaseDuration, "leader-lease-duration", 15*time.Second, "how long a leader that is gone is waited for")
	f.DurationVar(&o.RenewDeadline, "leader-renew-deadline", 10*time.Second, "how long the leader tries to renew its lease before it stops")
	f.DurationVar(&o.RetryPeriod, "leader-retry-period", 2*time.Second, "pause between two tries to get or renew the lease")
	f.StringVar(&o.StripeURL, "stripe-url", "", "URL of Stripe's API, for tests; the public one when empty")
	f.StringVar(&o.LogFormat, "log-format", "json", "json or text")
	f.StringVar(&o.LogLevel, "log-level", "info", "debug, info, warn or error")
}

// check refuses options that would lose outcomes or do nothing.
func (o *Options) check() error {
	if o.CallTimeout <= 0 || o.DrainTimeout < o.CallTimeout+controllers.OutcomeTimeout {
		return fmt.Errorf("drain-timeout must be at least call-timeout, which must be positive, plus %s: a paid call under way, and the write of its outcome, have to end before the process", controllers.OutcomeTimeout)
	}
	if o.LogFormat != "json" && o.LogFormat != "text" {
		return errors.New("log-format must be json or text")
	}
	if o.MailLease < 4*time.Second {
		return errors.New("mail-lease must be at least 4s")
	}
	if o.LeaseDuration <= o.RenewDeadline || o.RenewDeadline <= o.RetryPeriod || o.RetryPeriod <= 0 {
		return errors.New("leader-lease-duration must exceed leader-renew-deadline, which must exceed leader-retry-period")
	}
	if o.SweepInterval < 0 {
		return errors.New("orphan-sweep-interval must not be negative")
	}
	if o.Workers < 1 {
		return errors.New("max-concurrent-reconciles must be at least 1")
	}
	return errors.Join(o.checkRetention(), o.checkWebhook())
}

// checkRetention refuses what is more likely a slip than a policy: what is gone does
// not come back.
func (o *Options) checkRetention() error {
	if o.Retention < 0 {
		return errors.New("retention must not be negative")
	}
	if o.DeliveryRetention != 0 && o.DeliveryRetention < 30*24*time.Hour {
		return errors.New("delivery-retention must be 0 or at least 720h")
	}
	if o.PersonalDataRetention != 0 && o.PersonalDataRetention < time.Hour {
		return errors.New("personal-data-retention must be 0 or at least 1h")
	}
	return nil
}

// minBodyBudget holds the largest body of one client, who may take a quarter,
// in a buffer that has just grown.
const minBodyBudget = 8 << 20

func (o *Options) checkWebhook() error {
	if o.WebhookMaxConnections < 0 {
		return errors.New("webhook-max-connections must not be negative")
	}
	if o.WebhookBodyBudget < minBodyBudget {
		return fmt.Errorf("webhook-body-budget must be at least %d", minBodyBudget)
	}
	if (o.WebhookTLSCertFile == "") != (o.WebhookTLSKeyFile == "") {
		return errors.New("webhook-tls-cert-file and webhook-tls-key-file need each other")
	}
	return nil
}

// proxies reads the trusted networks.
func (o *Options) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range o.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("trusted-proxy: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

func (o *Options) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.LogLevel)); err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	if o.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options)), nil
	}
	return slog.New(slog.NewJSONHandler(w, options)), nil
}
