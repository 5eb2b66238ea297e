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
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
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
	metrics   *telemetry.Metrics
	now       func() time.Time
	timeout   time.Duration
}

type accountLedger interface {
	AccountSpend(ctx context.Context, namespace, account, timezone string) (ledger.Spend, error)
}

// Reconcile reads one account's balance and spend.
func (r *AccountReconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	var account v1alpha1.ZMAAccount
	if err := r.client.Get(ctx, req.NamespacedName, &account); err != nil {
		r.metrics.AccountBalance.DeleteLabelValues(req.Namespace, req.Name)
		r.metrics.AccountReserved.DeleteLabelValues(req.Namespace, req.Name)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if changed, err := r.guard(ctx, &account); err != nil || changed {
		return reconcile.Result{}, err
	}
	stored := account.DeepCopy()
	r.readBalance(ctx, &account)
	if err := r.readSpend(ctx, &account); err != nil {
		log.FromContext(ctx).Info("Spend could not be read from the ledger", "error", err.Error())
	}
	r.conclude(&account)
	if !equality.Semantic.DeepEqual(account.Status, stored.Status) {
		if err := r.client.Status().Update(ctx, &account); err != nil {
			return reconcile.Result{}, quietConflict(err)
		}
	}
	return reconcile.Result{RequeueAfter: pollInterval(&account)}, nil
}

// guard keeps the finalizer in step: an account goes only when no order may have
// been bought with it without a known end.
func (r *AccountReconciler) guard(ctx context.Context, account *v1alpha1.ZMAAccount) (changed bool, err error) {
	stored := account.DeepCopy()
	if account.DeletionTimestamp.IsZero() {
		if !controllerutil.AddFinalizer(account, v1alpha1.AccountFinalizer) {
			return false, nil
		}
	} else {
		inUse, err := r.inUse(ctx, account)
		if err != nil || inUse || !controllerutil.RemoveFinalizer(account, v1alpha1.AccountFinalizer) {
			return false, err
		}
	}
	patch := client.MergeFromWithOptions(stored, client.MergeFromWithOptimisticLock{})
	return true, quietConflict(r.client.Patch(ctx, account, patch))
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
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	if account.Spec.APIVersion != "v1" {
		unreadable(account, v1alpha1.ReasonNotSupported, "This version of the provider's API is not supported yet.", r.now())
		return
	}
	provider, err := r.providers.For(ctx, account)
	if err != nil {
		unreadable(account, v1alpha1.ReasonSecretNotFound, "The account's token can't be read.", r.now())
		return
	}
	balance, err := provider.Balance(ctx)
	var call *zma.CallError
	switch {
	case err == nil:
		r.metrics.AccountBalance.WithLabelValues(account.Namespace, account.Name).Set(float64(balance.AvailableCents))
		readable(account, balance.AvailableCents, r.now())
	case errors.As(err, &call) && call.Kind == zma.KindUnauthorized:
		unreadable(account, v1alpha1.ReasonCredentialsRefused, "The provider refuses the account's token.", r.now())
	default:
		log.FromContext(ctx).Info("Balance could not be read", "error", err.Error())
		unknownBalance(account, r.now())
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

func pollInterval(account *v1alpha1.ZMAAccount) time.Duration {
	if p := account.Spec.Balance.PollInterval; p != nil {
		return p.Duration
	}
	return time.Minute
}

// quietConflict drops the error of a write that lost a race: the change that won
// causes a reconciliation of its own.
func quietConflict(err error) error {
	if apierrors.IsConflict(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}
