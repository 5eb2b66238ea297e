package config_test

import (
	"strconv"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
)

// TestTheEndpointCollectsGarbageBeforeItsMemoryEnds: it collects rarely, which is
// safe only as long as the runtime knows what the container may take, and leaves a
// fifth of it to what is not on the heap.
func TestTheEndpointCollectsGarbageBeforeItsMemoryEnds(t *testing.T) {
	for _, d := range deployments(t) {
		if d.Name != "zma-webhook" {
			continue
		}
		c := d.Spec.Template.Spec.Containers[0]
		env := map[string]string{}
		for _, e := range c.Env {
			env[e.Name] = e.Value
		}
		percent, err := strconv.Atoi(env["GOGC"])
		if err != nil || percent <= 100 {
			t.Errorf("GOGC is %q", env["GOGC"])
		}
		// The runtime's MiB is the quantity's Mi.
		soft, err := resource.ParseQuantity(env["GOMEMLIMIT"][:max(0, len(env["GOMEMLIMIT"])-1)])
		if limit := c.Resources.Limits.Memory(); err != nil || soft.Value() == 0 || soft.Value() > limit.Value()/5*4 {
			t.Errorf("GOMEMLIMIT is %q with a limit of %s", env["GOMEMLIMIT"], limit)
		}
		return
	}
	t.Error("there is no Deployment of the endpoint")
}
