package config_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// bind gives a user a ClusterRole in a namespace.
func bind(t *testing.T, namespace, user, role string) {
	t.Helper()
	apply(t, []byte(`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"namespace":"`+namespace+`","name":"`+user+`"},`+
		`"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"`+role+`"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"`+user+`"}]}`))
}

// may asks the API server for a user's right.
func may(t *testing.T, namespace, user, call string) bool {
	t.Helper()
	args := append([]string{"--kubeconfig", cluster.KubeconfigPath(), "auth", "can-i", "--as", user, "-n", namespace}, strings.Fields(call)...)
	out, _ := exec.CommandContext(t.Context(), cluster.Kubectl(), args...).Output() // "no" ends with an error
	return strings.TrimSpace(string(out)) == "yes"
}

// TestRecoveryRoleIsEnoughToAskAndNoMore has ada ask with kubectl, as people do.
func TestRecoveryRoleIsEnoughToAskAndNoMore(t *testing.T) {
	install(t)
	shopNamespace(t, "people", nil)
	bind(t, "people", "ada", "zma-order-recovery")
	o := sampleOrder(t, "people", nil)
	if err := as(t, "mia", masters).Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	args := []string{"--kubeconfig", cluster.KubeconfigPath(), "--as", "ada", "-n", "people", "annotate", "zmaorder", o.GetName(), "zma.dev/recover=retry@2", "--overwrite"}
	if out, err := exec.CommandContext(t.Context(), cluster.Kubectl(), args...).CombinedOutput(); err != nil {
		t.Fatalf("kubectl annotate: %v\n%s", err, out)
	}
	if got := stored(t, o).GetAnnotations()["zma.dev/recover-by"]; got != "ada" {
		t.Errorf("stamped %q, want ada", got)
	}
	forged := client.RawPatch("application/merge-patch+json", []byte(`{"status":{"recovery":{"lastHandledRequest":"retry@2"}}}`))
	if err := as(t, "ada").Status().Patch(t.Context(), o.DeepCopy(), forged); !apierrors.IsForbidden(err) {
		t.Errorf("a write of the status gets %v, want Forbidden", err)
	}
	for call, want := range map[string]bool{
		"get zmaorders.zma.dev": true, "list zmaorders.zma.dev": true, "watch zmaorders.zma.dev": true, "patch zmaorders.zma.dev": true,
		"list events": true, "list events.events.k8s.io": true,
		"create zmaorders.zma.dev": false, "update zmaorders.zma.dev": false, "delete zmaorders.zma.dev": false,
		"patch zmaorders.zma.dev --subresource=status": false, "update zmaorders.zma.dev --subresource=status": false,
		"get secrets": false, "list secrets": false, "patch secrets": false, "create secrets": false, "patch zmaaccounts.zma.dev": false, "create events": false,
	} {
		if got := may(t, "people", "ada", call); got != want {
			t.Errorf("ada may %s: %t, want %t", call, got, want)
		}
	}
	if may(t, "default", "ada", "patch zmaorders.zma.dev") {
		t.Error("the right does not end at its namespace")
	}
}

// TestRecoveryNeedsTheRight shows that the policy lets nobody in: it stamps what
// the API server has allowed.
func TestRecoveryNeedsTheRight(t *testing.T) {
	install(t)
	shopNamespace(t, "people", nil)
	o := sampleOrder(t, "people", nil)
	if err := as(t, "mia", masters).Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"zma.dev/recover":"abandon"}}}`))
	if err := as(t, "stranger").Patch(t.Context(), o.DeepCopy(), patch); !apierrors.IsForbidden(err) {
		t.Errorf("got %v, want Forbidden", err)
	}
	if got := stored(t, o).GetAnnotations(); len(got) > 0 {
		t.Errorf("the order carries %v", got)
	}
}

// TestAdministratorsOfANamespaceMayRecover waits for the controller that gathers
// the built-in roles.
func TestAdministratorsOfANamespaceMayRecover(t *testing.T) {
	install(t)
	shopNamespace(t, "people", nil)
	for user, role := range map[string]string{"nina": "admin", "emil": "edit", "vera": "view"} {
		bind(t, "people", user, role)
	}
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return may(t, "people", "nina", "patch zmaorders.zma.dev") && may(t, "people", "emil", "get pods") && may(t, "people", "vera", "get pods"), nil
	})
	if err != nil {
		t.Fatalf("an administrator gets no right to recover: %v", err)
	}
	for _, user := range []string{"emil", "vera"} {
		if may(t, "people", user, "patch zmaorders.zma.dev") {
			t.Errorf("%s may recover orders", user)
		}
	}
	if may(t, "people", "nina", "patch zmaorders.zma.dev --subresource=status") {
		t.Error("an administrator may write the status")
	}
}
