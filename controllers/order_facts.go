package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

// gatherer collects what Decide has to know beside the order.
type gatherer struct {
	client   client.Reader
	secrets  *secrets.Reader
	policies act.Policies
	polls    *act.Polls
	gates    *pace.Registry
	// recalled tells whether the ledger was asked about an order.
	recalled func(*v1alpha1.ZMAOrder) bool
	// allowUnstamped takes requests for recovery without a stamp of who asked.
	allowUnstamped bool
}

// gather reads account, policy and notifications into the task and returns the
// facts. A missing object is a fact; only a failing read is an error.
func (g *gatherer) gather(ctx context.Context, t *act.Task) (machine.Facts, error) {
	var f machine.Facts
	f.LastObserved, f.Hinted = g.polls.Last(t.Order)
	f.Jitter = act.Jitter(t.Order)
	t.Asked, t.AskedBy, t.AskedIgnored = asked(t.Order, g.allowUnstamped)
	f.Asked = t.Asked
	f.Recalled = g.recalled(t.Order)

	account := &v1alpha1.ZMAAccount{}
	found, err := g.get(ctx, t.Order.Namespace, t.Order.Spec.AccountRef.Name, account)
	if err != nil {
		return f, err
	}
	if found {
		t.Account, f.Account = account, account
		if err := errors.Join(g.credentials(ctx, account, &f), g.circuit(ctx, account, &f)); err != nil {
			return f, err
		}
		if err := g.notifications(ctx, t); err != nil {
			return f, err
		}
	}
	err = g.policy(ctx, t, &f)
	f.Outdated = act.Outdated(t)
	return f, err
}

func (g *gatherer) credentials(ctx context.Context, account *v1alpha1.ZMAAccount, f *machine.Facts) error {
	ref := account.Spec.SecretRef
	_, err := g.secrets.Key(ctx, account.Namespace, ref.Name, ref.Key)
	if err != nil && !errors.Is(err, secrets.ErrNotFound) {
		return fmt.Errorf("read the account's token: %w", err)
	}
	f.CredentialsFound = err == nil
	f.CredentialsValidSince = trueSince(account.Status.Conditions, v1alpha1.ConditionCredentialsValid)
	return nil
}

func (g *gatherer) circuit(ctx context.Context, account *v1alpha1.ZMAAccount, f *machine.Facts) error {
	gate, err := g.gates.For(ctx, account)
	if err != nil {
		return fmt.Errorf("count the account's orders in flight: %w", err)
	}
	state, closedAt := gate.Circuit()
	f.CircuitOpen, f.CircuitTrying, f.ProviderBackAt = state == pace.Open, state == pace.HalfOpen, closedAt
	return nil
}

func (g *gatherer) policy(ctx context.Context, t *act.Task, f *machine.Facts) error {
	ref := t.Order.Spec.PolicyRef
	if ref == nil {
		return nil
	}
	p := &v1alpha1.OrderPolicy{}
	found, err := g.get(ctx, t.Order.Namespace, ref.Name, p)
	if err != nil {
		return err
	}
	if !found {
		f.PolicyProblem = "The OrderPolicy does not exist."
		return nil
	}
	t.Policy = p
	if _, err := g.policies.Get(p); err != nil {
		f.PolicyProblem = "The OrderPolicy does not compile: " + err.Error()
	}
	return nil
}

func (g *gatherer) notifications(ctx context.Context, t *act.Task) error {
	ref := t.Account.Spec.NotificationPolicyRef
	if ref == nil {
		return nil
	}
	p := &v1alpha1.NotificationPolicy{}
	found, err := g.get(ctx, t.Order.Namespace, ref.Name, p)
	if found {
		t.Notifications = p
	}
	return err
}

func (g *gatherer) get(ctx context.Context, namespace, name string, into client.Object) (bool, error) {
	err := g.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// trueSince is when a condition became True; zero when it is not.
func trueSince(conditions []metav1.Condition, typ string) (since time.Time) {
	if c := meta.FindStatusCondition(conditions, typ); c != nil && c.Status == metav1.ConditionTrue {
		since = c.LastTransitionTime.Time
	}
	return since
}
