package config_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// runs counts how often the API server has evaluated the policy, by its own count.
func runs(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), cluster.Kubectl(), "--kubeconfig", cluster.KubeconfigPath(), "get", "--raw", "/metrics").Output()
	if err != nil {
		t.Fatal(err)
	}
	var counts []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "apiserver_mutating_admission_policy_check_total{") && strings.Contains(line, `policy="zma-recover-stamp"`) {
			counts = append(counts, strings.TrimSpace(line))
		}
	}
	return strings.Join(counts, "\n")
}

// TestUndisturbedOrdersAreNotTouchedByThePolicy does what happens to an order that
// nobody recovers, and to one that was recovered, without the policy being run.
func TestUndisturbedOrdersAreNotTouchedByThePolicy(t *testing.T) {
	install(t)
	shopNamespace(t, "quiet", nil)
	recovered := sampleOrder(t, "quiet", notes{"zma.dev/recover": "now"})
	if err := as(t, "mia", masters).Create(t.Context(), recovered); err != nil {
		t.Fatal(err)
	}
	before := runs(t)
	if before == "" {
		t.Fatal("the API server does not count the policy's runs; this test could not fail")
	}

	o := sampleOrder(t, "quiet", notes{"zma.dev/payload-hash": "h", "zma.dev/request-id": "r"})
	if err := as(t, "endpoint", masters).Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, o := range []*unstructured.Unstructured{o, recovered} {
		send(t, write{"controller", "application/merge-patch+json", `{"metadata":{"finalizers":["zma.dev/order"]}}`}, o)
		send(t, write{"controller", "application/merge-patch+json", `{"spec":{"suspend":true}}`}, o)
		got := stored(t, o)
		if err := unstructured.SetNestedField(got.Object, int64(1), "status", "observedGeneration"); err != nil {
			t.Fatal(err)
		}
		if err := as(t, "controller", masters).Status().Update(t.Context(), got); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(before, runs(t)); diff != "" {
		t.Errorf("the policy was run (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(notes{"zma.dev/payload-hash": "h", "zma.dev/request-id": "r"}, stored(t, o).GetAnnotations()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

// TestTheStatusIsNoWayToAForgedStamp tries the write that the policy does not look
// at.
func TestTheStatusIsNoWayToAForgedStamp(t *testing.T) {
	install(t)
	shopNamespace(t, "quiet", nil)
	o := sampleOrder(t, "quiet", nil)
	if err := as(t, "mia", masters).Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	o.SetAnnotations(notes{"zma.dev/recover": "retry", "zma.dev/recover-by": "ada"})
	if err := as(t, "eve", masters).Status().Update(t.Context(), o.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"zma.dev/recover":"retry","zma.dev/recover-by":"ada"}}}`))
	if err := as(t, "eve", masters).Status().Patch(t.Context(), o.DeepCopy(), patch); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, o).GetAnnotations(); len(got) > 0 {
		t.Errorf("a write of the status leaves annotations %v, want none", got)
	}
}

// TestRecoveryIsRefusedWhenItCannotBeStamped breaks a copy of the policy, for one
// namespace, in the place that reads the user.
func TestRecoveryIsRefusedWhenItCannotBeStamped(t *testing.T) {
	install(t)
	shopNamespace(t, "broken", map[string]string{"stamp": "broken"})
	breakPolicy(t)

	asks := notes{"zma.dev/recover": "now"}
	var err error
	_ = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err = as(t, "mia", masters).Create(ctx, sampleOrder(t, "broken", asks), client.DryRunAll)
		return err != nil, nil
	})
	if err == nil || !strings.Contains(err.Error(), "zma-recover-broken") {
		t.Errorf("a request that can't be stamped gets %v, want a refusal that names the policy", err)
	}
	if err := as(t, "mia", masters).Create(t.Context(), sampleOrder(t, "broken", nil)); err != nil {
		t.Errorf("an undisturbed order is refused too: %v", err)
	}
}

// breakPolicy installs a copy of the policy that fails when it runs.
func breakPolicy(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile("admission/recover-stamp.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.ReplaceAll(string(raw), "zma-recover-stamp", "zma-recover-broken")
	broken = strings.ReplaceAll(broken, "request.userInfo.username.substring(0, 256)", "request.userInfo.username")
	broken = strings.ReplaceAll(broken, ": request.userInfo.username", ": request.userInfo.username.substring(5000)")
	if !strings.Contains(broken, "substring(5000)") {
		t.Fatal("the policy reads the user in another way now; break it there")
	}
	for _, o := range objects(t, []byte(broken)) {
		if o.GetKind() == "MutatingAdmissionPolicyBinding" {
			if err := unstructured.SetNestedMap(o.Object, map[string]any{"matchLabels": map[string]any{"stamp": "broken"}}, "spec", "matchResources", "namespaceSelector"); err != nil {
				t.Fatal(err)
			}
		}
		if err := api.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := api.Delete(context.WithoutCancel(t.Context()), o); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNoRequestSlipsPastARestartOfTheAPIServer sends requests while the API server
// has not got its policies together yet.
func TestNoRequestSlipsPastARestartOfTheAPIServer(t *testing.T) {
	install(t)
	shopNamespace(t, "restart", nil)
	if err := cluster.RestartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	eve := as(t, "eve", masters)
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		o := sampleOrder(t, "restart", notes{"zma.dev/recover": "retry", "zma.dev/recover-by": "mia"})
		switch err := eve.Create(ctx, o); {
		case apierrors.IsServiceUnavailable(err) || apierrors.IsForbidden(err):
			return false, nil // not ready yet, which is as good
		case err != nil:
			return false, err
		}
		if got := o.GetAnnotations()["zma.dev/recover-by"]; got != "eve" {
			t.Errorf("a request of eve is stamped %q", got)
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
