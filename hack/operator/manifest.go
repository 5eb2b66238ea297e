package operator

import (
	"fmt"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/zma-operator/zma-operator/hack/stack"
)

// ManifestEnv are the plain variables of a component's Deployment in config, as
// NAME=value, so that a process runs with what a cluster gives it. Those from
// Secrets are left out.
func ManifestEnv(component string) ([]string, error) {
	raw, err := os.ReadFile(filepath.Join(stack.Root(), "config", component, "deployment.yaml"))
	if err != nil {
		return nil, err
	}
	var d appsv1.Deployment
	if err := yaml.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("read the Deployment of %s: %w", component, err)
	}
	var env []string
	for _, c := range d.Spec.Template.Spec.Containers {
		for _, e := range c.Env {
			if e.ValueFrom == nil {
				env = append(env, e.Name+"="+e.Value)
			}
		}
	}
	return env, nil
}
