package kube_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

func TestClusterKeepsObjectsAndFinishesDeletions(t *testing.T) {
	ctx := t.Context()
	c, err := kube.Start(ctx, kube.Options{Progress: os.Stderr, ControllerManager: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(c.KubeconfigPath()); !os.IsNotExist(err) {
			t.Errorf("Stop leaves files behind: %v", err)
		}
	})
	client := kubernetes.NewForConfigOrDie(c.Config())
	info, err := client.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if v, err := version.ParseSemantic(info.GitVersion); err != nil || v.Major() == 0 {
		t.Errorf("the server reports version %q, which others can't compare: %v", info.GitVersion, err)
	}
	if out, err := exec.CommandContext(ctx, c.Kubectl(), "--kubeconfig", c.KubeconfigPath(), "version").CombinedOutput(); err != nil {
		t.Errorf("kubectl version: %v\n%s", err, out)
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.RestartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{}); err != nil {
		t.Fatalf("the object is gone after a restart of the API server: %v", err)
	}

	stranger := kubernetes.NewForConfigOrDie(c.User("stranger"))
	if _, err := stranger.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a user without rights gets %v, want Forbidden", err)
	}

	if err := client.CoreV1().Namespaces().Delete(ctx, "shop", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	if err != nil {
		t.Errorf("the namespace is not gone: %v", err)
	}
}

func TestAssetsOfTheUserAreTakenAsTheyAre(t *testing.T) {
	t.Setenv("KUBEBUILDER_ASSETS", t.TempDir())
	if _, err := kube.Assets(t.Context(), nil); err == nil {
		t.Error("an empty KUBEBUILDER_ASSETS must be refused, not filled")
	}
}
