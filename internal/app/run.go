package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
	"github.com/zma-operator/zma-operator/webhookserver"
)

// Role is what a process does.
type Role int

const (
	// All runs webhook endpoint and controllers.
	All Role = iota
	// Controller runs the controllers.
	Controller
	// Webhook runs the webhook endpoint.
	Webhook
)

// secretTTL is how long a Secret that was read counts as fresh: the time until a
// changed one takes effect.
const secretTTL = 5 * time.Second

// ErrNoDatabase means that DATABASE_URL is not set.
var ErrNoDatabase = errors.New("DATABASE_URL is not set")

// parts are what the roles are made of.
type parts struct {
	env     Environment
	options Options
	log     logr.Logger
	mgr     manager.Manager
	ledger  *ledger.Ledger
	metrics *telemetry.Metrics
	started *started
}

// Run runs a role until ctx ends.
func Run(ctx context.Context, env Environment, role Role, o Options) error {
	p, err := assemble(ctx, env, role, o)
	if err != nil {
		return err
	}
	defer p.ledger.Close()
	var hints func(callback.Hint)
	if role != Webhook {
		h, err := p.controllers(ctx, role)
		if err != nil {
			return err
		}
		hints = h.Send
	}
	if role != Controller {
		if err := p.webhooks(ctx, hints); err != nil {
			return err
		}
	}
	p.log.Info("Starting", "version", env.Version)
	return p.mgr.Start(ctx)
}

func assemble(ctx context.Context, env Environment, role Role, o Options) (*parts, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if env.DatabaseURL == "" {
		return nil, ErrNoDatabase
	}
	handler, err := o.logger(env.Log)
	if err != nil {
		return nil, err
	}
	log := logr.FromSlogHandler(handler.Handler())
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	metrics, err := telemetry.NewMetrics(ctrlmetrics.Registry)
	if err != nil {
		return nil, err
	}
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return nil, err
	}
	// The priority queue and the provider pace the work; a client-side limit would
	// only delay outcome writes.
	cfg.QPS = -1
	mgr, err := newManager(cfg, role, o, log)
	if err != nil {
		return nil, err
	}
	l, err := ledger.Open(ctx, ledger.Options{URL: env.DatabaseURL, Now: env.Now, Metrics: metrics, MaxConns: 16, ApplicationName: "zma-operator"})
	if err != nil {
		return nil, err
	}
	p := &parts{env: env, options: o, log: log, mgr: mgr, ledger: l, metrics: metrics, started: &started{}}
	return p, errors.Join(mgr.Add(p.started), mgr.AddReadyzCheck("caches", p.started.check))
}

// controllers adds the controllers, behind a check of the schema: code that
// writes columns which do not exist loses what it writes.
func (p *parts) controllers(ctx context.Context, role Role) (*controllers.Hints, error) {
	if err := checkSchema(ctx, p.ledger); err != nil {
		if !errors.Is(err, ledger.ErrUnavailable) {
			return nil, err
		}
		// A database that is away must not keep orders under way from being followed.
		p.log.Info("The ledger can't be reached; its schema is checked when it answers", "error", err.Error())
	}
	if err := p.mgr.Add(&schemaGuard{check: p.ledger.CheckSchema, pause: 10 * time.Second}); err != nil {
		return nil, err
	}
	return controllers.Setup(ctx, p.mgr, controllers.Options{
		Ledger: p.ledger, Metrics: p.metrics, Now: p.env.Now, Roll: p.env.Roll,
		Workers: p.options.Workers, CallTimeout: p.options.CallTimeout, SecretTTL: secretTTL, MailLease: p.options.MailLease, StripeURL: p.options.StripeURL,
		AllowUnstampedRecovery: p.options.AllowUnstampedRecovery, SweepInterval: p.options.SweepInterval, Registry: ctrlmetrics.Registry,
		Retention: p.options.Retention, DeliveryRetention: p.options.DeliveryRetention, PersonalDataRetention: p.options.PersonalDataRetention,
		AuditNamespace: auditNamespace(p.options.LeaderNamespace),
		// In one process callbacks need no detour, unless another replica leads.
		ListenHints: role == Controller || p.options.LeaderElect,
	})
}

// webhooks adds the endpoint and the writer of its delivery log.
func (p *parts) webhooks(ctx context.Context, hints func(callback.Hint)) error {
	// Asked for now, so that they are complete before the first webhook comes.
	for _, o := range []client.Object{&v1alpha1.WebhookSource{}, &v1alpha1.ZMAAccount{}} {
		if _, err := p.mgr.GetCache().GetInformer(ctx, o, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("watch %T: %w", o, err)
		}
	}
	proxies, err := p.options.proxies()
	if err != nil {
		return err
	}
	deliveries := webhookserver.NewDeliveryWriter(p.ledger.InsertDeliveries, p.metrics, p.log.WithName("deliveries"))
	server, err := webhookserver.New(webhookserver.Options{
		Addr: p.options.WebhookAddr, Namespaces: p.options.Namespaces, Client: p.mgr.GetClient(), Live: p.mgr.GetAPIReader(), Reader: p.mgr.GetCache(),
		Secrets:        secrets.NewReader(p.mgr.GetAPIReader(), secretTTL, p.env.Now),
		MaxConnections: p.options.WebhookMaxConnections, BodyBudget: p.options.WebhookBodyBudget,
		TLSCertFile: p.options.WebhookTLSCertFile, TLSKeyFile: p.options.WebhookTLSKeyFile,
		ShareRates:     p.ledger.ShareRates,
		TrustedProxies: proxies, Synced: p.started.done, Deliveries: deliveries, Hints: hints, Metrics: p.metrics, Log: p.log.WithName("webhook"), Now: p.env.Now,
	})
	if err != nil {
		return err
	}
	return errors.Join(p.mgr.Add(deliveries), p.mgr.Add(server), p.mgr.AddReadyzCheck("webhook", server.ReadyCheck))
}
