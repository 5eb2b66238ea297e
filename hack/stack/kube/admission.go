package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// stampTimeout is how long a new policy may take: the API server looks for new
// ones every second, and compiles them.
const stampTimeout = time.Minute

// installAdmission installs config/admission and waits until it is in force. An
// API server of the user that is too old for it gives a stack in which requests
// for recovery are not stamped.
func (c *Cluster) installAdmission(ctx context.Context) error {
	objects, err := manifest("admission", "recover-stamp.yaml")
	if err != nil {
		return err
	}
	api, err := client.New(c.config, client.Options{})
	if err != nil {
		return err
	}
	for _, o := range objects {
		err := api.Create(ctx, o)
		switch {
		case meta.IsNoMatchError(err):
			report(c.options.Progress, "this API server does not serve "+o.GroupVersionKind().String()+": recovery by hand is not stamped")
			return nil
		case err != nil && !apierrors.IsAlreadyExists(err):
			return fmt.Errorf("install %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return AwaitStamps(ctx, c.config)
}

// AwaitStamps waits until the API server stamps who asks for the recovery of an
// order. It tries with orders that are never stored.
func AwaitStamps(ctx context.Context, cfg *rest.Config) error {
	orders, err := manifest("samples", "order.yaml")
	if err != nil {
		return err
	}
	probe := orders[0]
	probe.SetNamespace(metav1.NamespaceDefault)
	probe.SetName("")
	probe.SetGenerateName("probe-")
	probe.SetAnnotations(map[string]string{v1alpha1.AnnotationRecover: "now"})
	api, err := client.New(cfg, client.Options{})
	if err != nil {
		return err
	}
	last := errors.New("the order is taken without a stamp")
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, stampTimeout, true, func(ctx context.Context) (bool, error) {
		seen := probe.DeepCopy()
		if err := api.Create(ctx, seen, client.DryRunAll); err != nil {
			last = err // the kind, or the policy, is not ready yet
		}
		return seen.GetAnnotations()[v1alpha1.AnnotationRecoverBy] != "", nil
	})
	if err != nil {
		return fmt.Errorf("wait for the stamps of recoveries: %w: %w", err, last)
	}
	return nil
}

// manifest reads the objects of a file in config.
func manifest(dir, name string) ([]*unstructured.Unstructured, error) {
	module, err := moduleDir()
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(module, "..", "..", "config", dir, name))
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096); ; {
		o := &unstructured.Unstructured{}
		err := d.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if len(o.Object) > 0 {
			out = append(out, o)
		}
	}
}
