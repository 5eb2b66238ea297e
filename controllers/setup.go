package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/notify"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
	"github.com/zma-operator/zma-operator/controllers/internal/payment"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// Options of the controllers.
type Options struct {
	// Ledger records money, mirrors orders and holds the outbox.
	Ledger *ledger.Ledger
	// Metrics of the product.
	Metrics *telemetry.Metrics
	// Now is the clock.
	Now func() time.Time
	// Roll gives random numbers in [0,1) for back-off.
	Roll func() float64
	// Workers reconcile orders at the same time.
	Workers int
	// CallTimeout bounds one call to the provider.
	CallTimeout time.Duration
	// SecretTTL is how long a Secret that was read counts as fresh.
	SecretTTL time.Duration
	// MailLease is how long one process may take to send a mail.
	MailLease time.Duration
	// StripeURL of Stripe's API; its public one when empty.
	StripeURL string
	// AllowUnstampedRecovery acts on requests for recovery that no admission policy
	// has stamped with who asked.
	AllowUnstampedRecovery bool
	// SweepInterval is the pause between two comparisons with the provider's list
	// of orders; none are made when 0.
	SweepInterval time.Duration
	// Retention is how long finished orders stay in the cluster; for ever when 0.
	Retention time.Duration
	// DeliveryRetention is how long the delivery log is kept, and
	// PersonalDataRetention how long personal data of orders that have left the
	// cluster; for ever when 0.
	DeliveryRetention, PersonalDataRetention time.Duration
	// Registry takes the gauges of orders by state.
	Registry prometheus.Registerer
	// AuditNamespace holds the head of the audit chain; it is not kept when empty.
	AuditNamespace string
	// ListenHints takes callbacks of webhook processes through Postgres. Not
	// needed where the webhook endpoint runs in the same process.
	ListenHints bool
}

// OutcomeTimeout bounds the write of a paid call's outcome; with CallTimeout it
// has to fit into the drain.
const OutcomeTimeout = 20 * time.Second

// Setup adds every controller and worker to a manager. The hints returned take
// callbacks in the same process.
func Setup(ctx context.Context, mgr manager.Manager, o Options) (*Hints, error) {
	reader := secrets.NewReader(mgr.GetAPIReader(), o.SecretTTL, o.Now)
	polls := act.NewPolls()
	hints := newHints(polls, mgr.GetCache(), o.Metrics)
	policies := policy.NewCache()
	wake := make(chan struct{}, 1)
	waker := newWaker(mgr.GetCache())
	gates := gatesOf(waker, o)
	providers := &pace.Providers{Inner: act.NewClientCache(reader, zma.NewHTTPClient(), o.Metrics, o.Now), Gates: gates, Now: o.Now}
	executors := act.New(act.Config{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Providers: providers, Gates: gates, Policies: policies,
		Ledger:   &act.GuardedLedger{Inner: o.Ledger, Now: o.Now, Back: waker.ledgerBack},
		Payments: payments(reader, o.StripeURL), Secrets: reader, Polls: polls,
		Events: mgr.GetEventRecorder("zma-operator"), Metrics: o.Metrics, Now: o.Now, Roll: o.Roll,
		CallTimeout: o.CallTimeout, WriteTimeout: OutcomeTimeout, MailQueued: func() { nudge(wake) },
		BalanceMoved: waker.circuit, AllowUnstamped: o.AllowUnstampedRecovery,
	})
	orders := &OrderReconciler{
		client: mgr.GetClient(), act: executors, now: o.Now,
		facts: &gatherer{
			client: mgr.GetClient(), secrets: reader, policies: policies, polls: polls, gates: gates,
			recalled: executors.Recalled, allowUnstamped: o.AllowUnstampedRecovery,
		},
	}
	accounts := &AccountReconciler{
		client: mgr.GetClient(), ledger: o.Ledger, providers: providers, gates: gates,
		metrics: o.Metrics, now: o.Now, timeout: o.CallTimeout,
	}
	err := errors.Join(
		index(ctx, mgr),
		orders.setup(mgr, hints, waker, o.Workers),
		accounts.setup(mgr, waker),
		(&OrderPolicyReconciler{client: mgr.GetClient(), policies: policies, now: o.Now}).setup(mgr),
		(&WebhookSourceReconciler{client: mgr.GetClient(), secrets: reader, now: o.Now}).setup(mgr),
		(&NotificationPolicyReconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Secrets: reader}).SetupWithManager(mgr),
		addWorkers(mgr, reader, hints, wake, o),
		addSweep(mgr, providers, o),
		addRetention(mgr, o),
		addAuditSealer(mgr, o), mgr.Add(executors.Trail(mgr.GetLogger().WithName("audit"))),
		mgr.Add(gates), mgr.Add(waker),
		o.Registry.Register(NewCensus(mgr.GetCache(), o.Now)),
	)
	if err != nil {
		return nil, fmt.Errorf("set up controllers: %w", err)
	}
	return hints, nil
}

// gatesOf makes the gates of the accounts. What waits at one is woken by the waker.
func gatesOf(w *waker, o Options) *pace.Registry {
	return pace.NewRegistry(pace.Hooks{
		Now: o.Now, Wake: w.turn,
		InFlight: func(ctx context.Context, account types.NamespacedName) ([]types.NamespacedName, error) {
			return w.inFlight(ctx, account, pace.InFlight)
		},
		Changed: func(account types.NamespacedName, state pace.State) {
			o.Metrics.AccountCircuit.WithLabelValues(account.Namespace, account.Name).Set(float64(state))
			w.circuit(account)
			if state != pace.HalfOpen {
				// They go, or take their places at the gate.
				w.forProvider(account)
			}
		},
	})
}

// payments verifies each account's payments with that account's own key.
func payments(reader *secrets.Reader, stripeURL string) func(*v1alpha1.ZMAAccount) payment.Verifier {
	return func(account *v1alpha1.ZMAAccount) payment.Verifier {
		ref := account.Spec.StripeSecretRef
		if ref == nil {
			return payment.Router{}
		}
		return payment.Router{Stripe: payment.NewStripe(payment.StripeOptions{
			BaseURL: stripeURL,
			Key: func(ctx context.Context) (string, error) {
				key, err := reader.Key(ctx, account.Namespace, ref.Name, ref.Key)
				return string(key), err
			},
		})}
	}
}

func index(ctx context.Context, mgr manager.Manager) error {
	i := mgr.GetFieldIndexer()
	return errors.Join(
		i.IndexField(ctx, &v1alpha1.ZMAOrder{}, indexAccount, accountOf),
		i.IndexField(ctx, &v1alpha1.ZMAOrder{}, act.IndexWaiting, act.WaitsForFunds),
		i.IndexField(ctx, &v1alpha1.ZMAOrder{}, indexPolicy, policyOf),
		i.IndexField(ctx, &v1alpha1.ZMAOrder{}, indexRequest, requestOf),
	)
}

func (r *OrderReconciler) setup(mgr manager.Manager, hints *Hints, waker *waker, workers int) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("zmaorder").
		For(&v1alpha1.ZMAOrder{}).
		Watches(&v1alpha1.ZMAAccount{}, enqueueWaiting(r.client, indexAccount, waitingForAccount())).
		Watches(&v1alpha1.OrderPolicy{}, enqueueWaiting(r.client, indexPolicy, waitingForPolicy())).
		Watches(&v1alpha1.ZMAOrder{}, personFirst()).
		Watches(&v1alpha1.ZMAOrder{}, unsentFirst()).
		Watches(&v1alpha1.ZMAOrder{}, hints.claims()).
		WatchesRawSource(hints.source()).
		WatchesRawSource(source.Channel(waker.turns, turnFirst())).
		WatchesRawSource(source.Channel(waker.wakes, &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(r)
}

func (r *AccountReconciler) setup(mgr manager.Manager, waker *waker) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("zmaaccount").
		For(&v1alpha1.ZMAAccount{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ZMAOrder{}, handler.EnqueueRequestsFromMapFunc(accountOfDeletion(r.client))).
		WatchesRawSource(source.Channel(waker.account, &handler.EnqueueRequestForObject{})).
		Complete(r)
}

// accountOfDeletion maps an order to its account while the account is being
// deleted: its finalizer goes with the last order under way.
func accountOfDeletion(c client.Reader) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []ctrl.Request {
		key := types.NamespacedName{Namespace: o.GetNamespace(), Name: o.(*v1alpha1.ZMAOrder).Spec.AccountRef.Name}
		var account v1alpha1.ZMAAccount
		if err := c.Get(ctx, key, &account); err != nil || account.DeletionTimestamp.IsZero() {
			return nil
		}
		return []ctrl.Request{{NamespacedName: key}}
	}
}

func addWorkers(mgr manager.Manager, reader *secrets.Reader, hints *Hints, wake chan struct{}, o Options) error {
	errs := []error{
		mgr.Add(&Mirror{Cache: mgr.GetCache(), Write: o.Ledger.Mirror, Metrics: o.Metrics, Log: mgr.GetLogger().WithName("mirror"), Now: o.Now}),
		mgr.Add(&notify.Worker{
			Outbox: o.Ledger, Client: mgr.GetAPIReader(), Secrets: reader, Metrics: o.Metrics,
			Log: mgr.GetLogger().WithName("notify"), Now: o.Now, Wake: wake, Lease: o.MailLease,
		}),
	}
	if o.ListenHints {
		errs = append(errs, mgr.Add(&HintListener{Listen: o.Ledger.ListenHints, Hints: hints, Log: mgr.GetLogger().WithName("hints"), Pause: time.Second}))
	}
	return errors.Join(errs...)
}

func addSweep(mgr manager.Manager, providers act.Providers, o Options) error {
	if o.SweepInterval == 0 {
		return nil
	}
	return mgr.Add(&OrphanSweep{
		Client: mgr.GetClient(), Ledger: o.Ledger, Providers: providers, Metrics: o.Metrics,
		Log: mgr.GetLogger().WithName("orphans"), Now: o.Now, Roll: o.Roll, Every: o.SweepInterval,
	})
}

// nudge wakes a worker that may be awake already.
func nudge(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
