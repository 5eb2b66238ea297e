package controllers

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// +kubebuilder:rbac:groups=zma.dev,resources=zmaaccounts,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=zma.dev,resources=zmaaccounts/status,verbs=update
// +kubebuilder:rbac:groups=zma.dev,resources=zmaaccounts/finalizers,verbs=update

// AccountReconciler polls the balance of each ZMAAccount, reports what the
// ledger says of it, and keeps the account while orders may yet need it.
type AccountReconciler struct {
	client    client.Client
	ledger    accountLedger
	providers act.Providers
	gates     *pace.Registry
	metrics   *telemetry.Metrics
	now       func() time.Time
	timeout   time.Duration
}

type accountLedger interface {
	AccountSpend(ctx context.Context, namespace, account, timezone string) (ledger.Spend, error)
	OpenAlerts(ctx context.Context, namespace string, kinds ...string) ([]ledger.OpenAlert, error)
	RaiseAlert(context.Context, ledger.Alert) (bool, error)
	ResolveAlert(ctx context.Context, key string) (bool, error)
}

// Reconcile reads one account's balance and spend.
func (r *AccountReconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	var account v1alpha1.ZMAAccount
	if err := r.client.Get(ctx, req.NamespacedName, &account); err != nil {
		r.gone(ctx, req.NamespacedName, apierrors.IsNotFound(err))
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if left, err := r.guard(ctx, &account); err != nil || left {
		return reconcile.Result{}, err
	}
	stored, start := account.DeepCopy(), r.now()
	if err := r.probe(ctx, &account); err != nil {
		return reconcile.Result{}, err
	}
	if err := r.readSpend(ctx, &account); err != nil {
		log.FromContext(ctx).Info("Spend could not be read from the ledger", "error", err.Error())
	}
	pause, orders, err := r.count(ctx, &account)
	if err != nil {
		return reconcile.Result{}, err
	}
	fund(&account, orders, r.metrics, r.now())
	r.conclude(&account)
	r.tell(ctx, &account, orders)
	if !equality.Semantic.DeepEqual(account.Status, stored.Status) {
		if err := r.client.Status().Update(ctx, &account); err != nil {
			if apierrors.IsConflict(err) {
				// The change that won may be one that brings no event, such as a label.
				return reconcile.Result{RequeueAfter: shortestPause}, nil
			}
			return reconcile.Result{}, client.IgnoreNotFound(err)
		}
	}
	// Counted from the start: a probe that had to be given up is followed by the next
	// one at once.
	return reconcile.Result{RequeueAfter: max(pause-r.now().Sub(start), shortestPause)}, nil
}

// Bounds of a probe.
const (
	// probeTimeout of the balance while the circuit is not closed: one that hangs
	// must not hide for long that the provider is back.
	probeTimeout = 5 * time.Second
	// shortestPause between two readings.
	shortestPause = 100 * time.Millisecond
)

// probe reads the balance, which also tells whether the provider answers.
func (r *AccountReconciler) probe(ctx context.Context, account *v1alpha1.ZMAAccount) error {
	gate, err := r.gates.For(ctx, account)
	if err != nil {
		return err
	}
	timeout := r.timeout
	if state, _ := gate.Circuit(); state != pace.Closed {
		timeout = min(timeout, probeTimeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r.readBalance(ctx, account)
	return nil
}

// guard keeps the finalizer in step: an account goes only when no order may have
// been bought with it without a known end. left tells that it is going. A conflict
// is an error here: a change of finalizers is no event that would bring the account
// back.
func (r *AccountReconciler) guard(ctx context.Context, account *v1alpha1.ZMAAccount) (left bool, err error) {
	stored := account.DeepCopy()
	left = !account.DeletionTimestamp.IsZero()
	if left {
		inUse, err := r.inUse(ctx, account)
		if err != nil || inUse || !controllerutil.RemoveFinalizer(account, v1alpha1.AccountFinalizer) {
			return false, err
		}
	} else if !controllerutil.AddFinalizer(account, v1alpha1.AccountFinalizer) {
		return false, nil
	}
	patch := client.MergeFromWithOptions(stored, client.MergeFromWithOptimisticLock{})
	return left, client.IgnoreNotFound(r.client.Patch(ctx, account, patch))
}

// inUse tells whether an order of the account has an attempt under way.
func (r *AccountReconciler) inUse(ctx context.Context, account *v1alpha1.ZMAAccount) (bool, error) {
	var orders v1alpha1.ZMAOrderList
	if err := r.client.List(ctx, &orders, client.InNamespace(account.Namespace), client.MatchingFields{indexAccount: account.Name}); err != nil {
		return false, err
	}
	for i := range orders.Items {
		if underWay(&orders.Items[i]) {
			return true, nil
		}
	}
	return false, nil
}

func (r *AccountReconciler) readBalance(ctx context.Context, account *v1alpha1.ZMAAccount) {
	provider, err := r.providers.For(ctx, account)
	switch {
	case errors.Is(err, secrets.ErrNotFound):
		unreadable(account, v1alpha1.ReasonSecretNotFound, "The Secret with the account's token, or its key, does not exist.", r.now())
		return
	case err != nil: // says nothing of the token
		log.FromContext(ctx).Info("The account's token could not be read", "error", err.Error())
		unknownBalance(account)
		return
	}
	asked := r.now()
	balance, err := provider.Balance(ctx)
	var call *zma.CallError
	switch {
	case err == nil:
		r.metrics.AccountBalance.WithLabelValues(account.Namespace, account.Name).Set(float64(balance.AvailableCents))
		readable(account, balance.AvailableCents, asked, r.now())
	case errors.As(err, &call) && call.Kind == zma.KindUnauthorized:
		unreadable(account, v1alpha1.ReasonCredentialsRefused, "The provider refuses the account's token.", r.now())
	default:
		log.FromContext(ctx).Info("Balance could not be read", "error", err.Error())
		unknownBalance(account)
	}
}

func (r *AccountReconciler) readSpend(ctx context.Context, account *v1alpha1.ZMAAccount) error {
	timezone := "UTC"
	if b := account.Spec.Budget; b != nil {
		timezone = b.Timezone
	}
	spend, err := r.ledger.AccountSpend(ctx, account.Namespace, account.Name, timezone)
	if err != nil {
		return err
	}
	account.Status.ReservedCents, account.Status.SpentTodayCents, account.Status.SpentThisMonthCents = spend.ReservedCents, spend.TodayCents, spend.MonthCents
	r.metrics.AccountReserved.WithLabelValues(account.Namespace, account.Name).Set(float64(spend.ReservedCents))
	return nil
}

// quietConflict drops the error of a write that lost a race: the change that won
// causes a reconciliation of its own.
func quietConflict(err error) error {
	if apierrors.IsConflict(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}
