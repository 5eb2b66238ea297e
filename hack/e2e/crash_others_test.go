package e2e

import (
	"errors"
	"fmt"

	smtp "github.com/emersion/go-smtp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// mails are confirmations that can't be sent.
func mails() []story {
	return []story{{
		name: "dead mail", points: at(proxy.Alert, proxy.MailFailed),
		begin: func(w *world) string {
			refuses, err := smtpsink.Start(smtpsink.Options{Fail: func(int) *smtp.SMTPError {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
			}})
			w.must(err)
			w.t.Cleanup(func() { w.check(refuses.Stop()) })
			var p v1alpha1.NotificationPolicy
			w.must(w.client.Get(w.t.Context(), w.key("mails"), &p))
			patch := client.MergeFrom(p.DeepCopy())
			p.Spec.SMTP.Port = int32(refuses.Port())
			w.must(w.client.Patch(w.t.Context(), &p, patch))
			return ""
		},
		act: sends(zmasim.ProductOK),
		end: bought().with(func(e *end) { e.Mails, e.Alerts = "confirmation dead", "MailDead open" }),
	}}
}

// accounts are writes to objects that are no orders; an order shows that the
// process goes on.
func accounts() []story {
	goesOn := func(w *world, _ string) string { return sends(zmasim.ProductOK)(w, "") }
	return []story{
		{
			name: "account", points: at(proxy.AccountFinalizer),
			act:  func(w *world, _ string) string { w.must(w.client.Create(w.t.Context(), w.second())); return "" },
			then: goesOn, end: bought(), check: func(w *world, _ string) error { return w.secondReady() },
		},
		{
			name: "account status", points: at(proxy.AccountStatus),
			begin: func(w *world) string {
				w.must(w.client.Create(w.t.Context(), w.second()))
				w.must(w.secondHeld())
				w.operator.Kill()
				w.must(w.operator.Start(w.t.Context()))
				return ""
			},
			then: goesOn, end: bought(), check: func(w *world, _ string) error { return w.secondReady() },
		},
		{
			name: "account deleted", points: at(proxy.AccountFinalizerRemoval),
			begin: func(w *world) string {
				w.must(w.client.Create(w.t.Context(), w.second()))
				w.must(w.secondHeld())
				return ""
			},
			act:  func(w *world, _ string) string { w.must(w.client.Delete(w.t.Context(), w.second())); return "" },
			then: goesOn, end: bought(), check: func(w *world, _ string) error { return w.secondGone() },
		},
		{
			name: "configuration", points: at(proxy.SourceStatus, proxy.PolicyStatus, proxy.NotificationStatus),
			act:  func(w *world, _ string) string { return w.configureMore() },
			then: goesOn, end: bought(), check: func(w *world, _ string) error { return w.configured() },
		},
	}
}

func (w *world) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: w.namespace, Name: name}
}

// second is an account like the shop's own.
func (w *world) second() *v1alpha1.ZMAAccount {
	w.t.Helper()
	spec := w.account().Spec
	spec.ProviderAccountID = "acct-second"
	return &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "second"}, Spec: spec}
}

// secondHeld waits until the account can't vanish any more.
func (w *world) secondHeld() error {
	var a v1alpha1.ZMAAccount
	if !eventually(func() bool {
		return w.client.Get(w.t.Context(), w.key("second"), &a) == nil && controllerutil.ContainsFinalizer(&a, v1alpha1.AccountFinalizer)
	}) {
		return fmt.Errorf("the account has finalizers %v", a.Finalizers)
	}
	return nil
}

func (w *world) secondReady() error {
	var a v1alpha1.ZMAAccount
	if !eventually(func() bool {
		return w.client.Get(w.t.Context(), w.key("second"), &a) == nil &&
			meta.IsStatusConditionTrue(a.Status.Conditions, v1alpha1.ConditionReady)
	}) {
		return fmt.Errorf("the account has the conditions %v", a.Status.Conditions)
	}
	return nil
}

func (w *world) secondGone() error {
	if !eventually(func() bool {
		return apierrors.IsNotFound(w.client.Get(w.t.Context(), w.key("second"), &v1alpha1.ZMAAccount{}))
	}) {
		return errors.New("the account does not go")
	}
	return nil
}

// configureMore makes one more object of each kind of configuration.
func (w *world) configureMore() string {
	w.t.Helper()
	var source v1alpha1.WebhookSource
	w.must(w.client.Get(w.t.Context(), w.key(shop.SourceName), &source))
	var mail v1alpha1.NotificationPolicy
	w.must(w.client.Get(w.t.Context(), w.key("mails"), &mail))
	second := metav1.ObjectMeta{Namespace: w.namespace, Name: "second"}
	policy := strict(w.namespace)
	policy.ObjectMeta = second
	for _, o := range []client.Object{
		&v1alpha1.WebhookSource{ObjectMeta: second, Spec: source.Spec},
		policy,
		&v1alpha1.NotificationPolicy{ObjectMeta: second, Spec: mail.Spec},
	} {
		w.must(w.client.Create(w.t.Context(), o))
	}
	return ""
}

func (w *world) configured() error {
	ready := func(o client.Object, conditions func() []metav1.Condition) error {
		if !eventually(func() bool {
			return w.client.Get(w.t.Context(), w.key("second"), o) == nil && meta.IsStatusConditionTrue(conditions(), v1alpha1.ConditionReady)
		}) {
			return fmt.Errorf("%T is not Ready: %v", o, conditions())
		}
		return nil
	}
	var source v1alpha1.WebhookSource
	var policy v1alpha1.OrderPolicy
	var mail v1alpha1.NotificationPolicy
	return errors.Join(
		ready(&source, func() []metav1.Condition { return source.Status.Conditions }),
		ready(&policy, func() []metav1.Condition { return policy.Status.Conditions }),
		ready(&mail, func() []metav1.Condition { return mail.Status.Conditions }),
	)
}
