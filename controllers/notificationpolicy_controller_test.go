package controllers

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

func TestNotificationPolicyFollowsWhatItRefersTo(t *testing.T) {
	ctx := context.Background()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	p := &v1alpha1.NotificationPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "mails", Generation: 3},
		Spec: v1alpha1.NotificationPolicySpec{Sender: "orders@shop.test",
			SMTP: v1alpha1.SMTPServer{Host: "mail.shop.test", SecretRef: &v1alpha1.LocalReference{Name: "login"}}},
	}
	c := fake.NewClientBuilder().WithScheme(s).WithObjects(p).WithStatusSubresource(p).Build()
	r := &NotificationPolicyReconciler{Client: c, Reader: c,
		Secrets: secrets.NewReader(c, 0, func() time.Time { return time.Unix(0, 0) })}
	key := client.ObjectKeyFromObject(p)

	reconcile := func() *v1alpha1.NotificationPolicy {
		t.Helper()
		result, err := r.Reconcile(ctx, ctrl.Request{NamespacedName: key})
		if err != nil {
			t.Fatal(err)
		}
		if result.RequeueAfter < policyCheckInterval {
			t.Errorf("looks again after %s; what a policy refers to is not watched", result.RequeueAfter)
		}
		var got v1alpha1.NotificationPolicy
		if err := c.Get(ctx, key, &got); err != nil {
			t.Fatal(err)
		}
		return &got
	}
	expect := func(got *v1alpha1.NotificationPolicy, status metav1.ConditionStatus, reason string) {
		t.Helper()
		ready := meta.FindStatusCondition(got.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Status != status || ready.Reason != reason ||
			ready.ObservedGeneration != 3 || got.Status.ObservedGeneration != 3 {
			t.Fatalf("want Ready=%s (%s) of generation 3, got %+v of %d", status, reason, ready, got.Status.ObservedGeneration)
		}
	}

	missing := reconcile()
	expect(missing, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound)
	if again := reconcile(); again.ResourceVersion != missing.ResourceVersion {
		t.Error("the status was written although nothing had changed")
	}

	login := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "login"},
		Data: map[string][]byte{"username": []byte("mailer"), "password": []byte("hunter2hunter2")}}
	if err := c.Create(ctx, login); err != nil {
		t.Fatal(err)
	}
	expect(reconcile(), metav1.ConditionTrue, v1alpha1.ReasonSucceeded)

	if err := c.Delete(ctx, login); err != nil {
		t.Fatal(err)
	}
	expect(reconcile(), metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound)
}

func TestNotificationPolicyThatIsGoneIsNoError(t *testing.T) {
	s := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	r := &NotificationPolicyReconciler{Client: fake.NewClientBuilder().WithScheme(s).Build()}
	result, err := r.Reconcile(context.Background(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "shop", Name: "gone"}})
	if err != nil || result != (ctrl.Result{}) {
		t.Errorf("got %+v, %v", result, err)
	}
}
