package webhookserver

import (
	"errors"
	"net/netip"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// DeliveryLog takes a row for each request. Record must never block. When it
// also has a method Close, the server calls it after its last request.
type DeliveryLog interface {
	Record(ledger.Delivery)
}

// Options of a Server. Client, Reader, Secrets, Metrics and Now are needed.
type Options struct {
	// Addr to listen on, such as ":8080".
	Addr string
	// Namespaces that the Reader knows; all when empty.
	Namespaces []string
	// Client creates orders.
	Client client.Client
	// Live reads one order past every cache, to compare a repeated delivery with
	// what is stored. Client when nil, which then must not read from a cache.
	Live client.Reader
	// Reader reads WebhookSources and ZMAAccounts, from a cache.
	Reader client.Reader
	// Secrets of sources and accounts.
	Secrets *secrets.Reader
	// Deliveries takes the delivery log; none is kept when nil.
	Deliveries DeliveryLog
	// ShareRates exchanges rate limits with other replicas, such as
	// ledger.Ledger.ShareRates; this replica counts alone when nil.
	ShareRates ShareFunc
	// Hints is told of orders that the provider has news of; may be nil.
	Hints func(callback.Hint)
	// Metrics to count in.
	Metrics *telemetry.Metrics
	// Log gets one line for each request.
	Log logr.Logger
	// Now is the clock.
	Now func() time.Time
	// DrainDelay between "not ready" and the end of new connections, so that load
	// balancers notice; default 5s, none when negative.
	DrainDelay time.Duration
	// ShutdownTimeout for requests under way; default 10s.
	ShutdownTimeout time.Duration
	// MaxInFlight webhooks at once, from the end of their body; more are answered
	// with 503. Callbacks have a quarter as many of their own. Default 512.
	MaxInFlight int
	// MaxStores is how many webhooks are with the API server at once; others wait in
	// line for StoreLine. By itself it takes 200 changes at once from everybody, and
	// one that has just started again drowns in more. Default 64.
	MaxStores int
	// StoreLine is how long a webhook waits in that line before it is answered with
	// 503. Default 2s.
	StoreLine time.Duration
	// MaxConnections at once; when there are more, the one that has waited longest
	// for its sender is closed. No bound when 0.
	MaxConnections int
	// BodyBudget is the memory in bytes that bodies may take from their first byte
	// to the answer; more are answered with 503. Default 64 MiB.
	BodyBudget int64
	// TLSCertFile and TLSKeyFile, PEM, are followed as they change. Without them
	// HTTP/1.1 is served in clear.
	TLSCertFile, TLSKeyFile string
	// CreateTimeout of the API server's answer; default 5s.
	CreateTimeout time.Duration
	// Synced tells whether the Reader's cache is complete; always when nil.
	Synced func() bool
	// TrustedProxies may name the client in X-Forwarded-For. Without one, the
	// client is whoever connects.
	TrustedProxies []netip.Prefix
}

func (o *Options) complete() error {
	if o.Client == nil || o.Reader == nil || o.Secrets == nil || o.Metrics == nil || o.Now == nil {
		return errors.New("webhook server needs Client, Reader, Secrets, Metrics and Now")
	}
	if o.Live == nil {
		o.Live = o.Client
	}
	if o.Hints == nil {
		o.Hints = func(callback.Hint) {}
	}
	if o.Synced == nil {
		o.Synced = func() bool { return true }
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = 512
	}
	if o.MaxStores <= 0 {
		o.MaxStores = 64
	}
	if o.BodyBudget <= 0 {
		o.BodyBudget = 64 << 20
	}
	if (o.TLSCertFile == "") != (o.TLSKeyFile == "") {
		return errors.New("webhook server needs both TLSCertFile and TLSKeyFile, or none")
	}
	defaultDuration(&o.DrainDelay, 5*time.Second)
	defaultDuration(&o.ShutdownTimeout, 10*time.Second)
	defaultDuration(&o.CreateTimeout, 5*time.Second)
	defaultDuration(&o.StoreLine, 2*time.Second)
	return nil
}

func defaultDuration(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}
