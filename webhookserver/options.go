package webhookserver

import (
	"errors"
	"net/netip"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
	// Hints is told of orders that the provider has news of; may be nil.
	Hints func(types.NamespacedName)
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
	// MaxInFlight requests at once; more are answered with 503. Default 512.
	MaxInFlight int
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
		o.Hints = func(types.NamespacedName) {}
	}
	if o.Synced == nil {
		o.Synced = func() bool { return true }
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = 512
	}
	defaultDuration(&o.DrainDelay, 5*time.Second)
	defaultDuration(&o.ShutdownTimeout, 10*time.Second)
	defaultDuration(&o.CreateTimeout, 5*time.Second)
	return nil
}

func defaultDuration(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}
