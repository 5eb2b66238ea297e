package config_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

var (
	cluster *kube.Cluster
	api     client.Client
)

func TestMain(m *testing.M) {
	os.Exit(kube.Main(m, kube.Options{ControllerManager: true}, func(c *kube.Cluster) (err error) {
		cluster = c
		api, err = shop.Client(c.Config())
		return err
	}))
}

// render builds a kustomization with kubectl's own kustomize.
func render(t *testing.T, dir string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), cluster.Kubectl(), "kustomize", dir).Output()
	if err != nil {
		t.Fatalf("kustomize %s: %v", dir, err)
	}
	return out
}

func objects(t *testing.T, raw []byte) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096); ; {
		o := &unstructured.Unstructured{}
		err := d.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Object) > 0 {
			out = append(out, o)
		}
	}
}

// apply sends manifests to the API server, which refuses unknown fields.
func apply(t *testing.T, manifests []byte, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), cluster.Kubectl(), append([]string{"--kubeconfig", cluster.KubeconfigPath(), "apply", "--server-side", "--validate=strict", "-f", "-"}, args...)...)
	cmd.Stdin = bytes.NewReader(manifests)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
}

// awaitServiceAccount waits for the account that every Pod has: without it a Pod is
// refused before its security is looked at.
func awaitServiceAccount(t *testing.T, namespace string) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		return api.Get(ctx, types.NamespacedName{Namespace: namespace, Name: "default"}, &corev1.ServiceAccount{}) == nil, nil
	})
	if err != nil {
		t.Fatalf("namespace %s gets no service account: %v", namespace, err)
	}
}

// TestManifestsInstall applies config/default and config/samples to a real API
// server, and makes a Pod of each workload in the restricted namespace.
func TestManifestsInstall(t *testing.T) {
	installed := render(t, "default")
	apply(t, installed)
	// The CRDs are served a moment after they are taken.
	samples := render(t, "samples")
	if out, err := exec.CommandContext(t.Context(), cluster.Kubectl(), "--kubeconfig", cluster.KubeconfigPath(), "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	apply(t, samples, "-n", "default")

	pods := 0
	for _, o := range objects(t, installed) {
		template, found, err := unstructured.NestedMap(o.Object, "spec", "template")
		if err != nil || !found {
			continue
		}
		var pod corev1.PodTemplateSpec
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, &pod); err != nil {
			t.Fatal(err)
		}
		awaitServiceAccount(t, o.GetNamespace())
		err = api.Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: o.GetNamespace(), Name: "try-" + o.GetName(), Labels: pod.Labels}, Spec: pod.Spec})
		if err != nil {
			t.Errorf("a Pod of %s %s: %v", o.GetKind(), o.GetName(), err)
		}
		pods++
	}
	if pods != 3 {
		t.Errorf("%d workloads, want 3", pods)
	}
}

// TestRestrictedNamespaceRefusesTheUnrestricted shows that the check above can
// fail.
func TestRestrictedNamespaceRefusesTheUnrestricted(t *testing.T) {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "restricted", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}
	if err := api.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	awaitServiceAccount(t, "restricted")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "restricted", Name: "p"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
	if err := api.Create(t.Context(), pod); err == nil || !strings.Contains(err.Error(), "PodSecurity") {
		t.Errorf("got %v, want a refusal by PodSecurity", err)
	}
}

// TestEndpointHasTheLeastRights tries, as the endpoint's service account, what it
// needs and what it must not do.
func TestEndpointHasTheLeastRights(t *testing.T) {
	apply(t, render(t, "default"))
	user := "system:serviceaccount:zma-system:zma-webhook"
	for call, want := range map[string]bool{
		"create zmaorders.zma.dev": true, "get zmaorders.zma.dev": true, "get secrets": true, "list webhooksources.zma.dev": true, "watch zmaaccounts.zma.dev": true,
		"list zmaorders.zma.dev": false, "update zmaorders.zma.dev": false, "delete zmaorders.zma.dev": false, "patch zmaorders.zma.dev": false,
		"update zmaorders.zma.dev --subresource=status": false, "list secrets": false, "watch secrets": false, "create secrets": false, "update zmaaccounts.zma.dev": false, "create pods": false,
	} {
		args := append([]string{"--kubeconfig", cluster.KubeconfigPath(), "auth", "can-i", "--as", user, "-n", "default"}, strings.Fields(call)...)
		out, _ := exec.CommandContext(t.Context(), cluster.Kubectl(), args...).Output() // "no" ends with an error
		if got := strings.TrimSpace(string(out)) == "yes"; got != want {
			t.Errorf("%s may %s: %t, want %t", user, call, got, want)
		}
	}
	controller := "system:serviceaccount:zma-system:zma-controller"
	for _, call := range []string{"list secrets", "watch secrets", "deletecollection zmaorders.zma.dev", "create zmaorders.zma.dev"} {
		args := append([]string{"--kubeconfig", cluster.KubeconfigPath(), "auth", "can-i", "--as", controller, "-n", "default"}, strings.Fields(call)...)
		if out, _ := exec.CommandContext(t.Context(), cluster.Kubectl(), args...).Output(); strings.TrimSpace(string(out)) == "yes" {
			t.Errorf("%s may %s", controller, call)
		}
	}
}

// deployments are those of config/default.
func deployments(t *testing.T) (out []appsv1.Deployment) {
	t.Helper()
	for _, o := range objects(t, render(t, "default")) {
		if o.GetKind() != "Deployment" {
			continue
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &d); err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// TestDrainEndsBeforeThePodIsKilled compares flags with the grace period:
// a paid call under way must end before the process does.
func TestDrainEndsBeforeThePodIsKilled(t *testing.T) {
	for _, d := range deployments(t) {
		drain := regexp.MustCompile(`--drain-timeout=(\d+)s`).FindStringSubmatch(strings.Join(d.Spec.Template.Spec.Containers[0].Args, " "))
		var seconds int64
		if drain == nil {
			t.Errorf("%s names no drain", d.Name)
			continue
		}
		if _, err := fmt.Sscan(drain[1], &seconds); err != nil || *d.Spec.Template.Spec.TerminationGracePeriodSeconds <= seconds {
			t.Errorf("%s drains for %d s and is killed after %d s", d.Name, seconds, *d.Spec.Template.Spec.TerminationGracePeriodSeconds)
		}
	}
}
