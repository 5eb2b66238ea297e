package act

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// stampingClient answers a trial write.
type stampingClient struct {
	client.Client
	by  string // the stamp that comes back
	err error
	dry bool // the write was a trial
}

func (c *stampingClient) Patch(_ context.Context, o client.Object, _ client.Patch, opts ...client.PatchOption) error {
	all := (&client.PatchOptions{}).ApplyOptions(opts)
	c.dry = len(all.DryRun) == 1 && all.DryRun[0] == "All"
	o.SetAnnotations(map[string]string{v1alpha1.AnnotationRecoverBy: c.by})
	return c.err
}

func TestRequestsAreTrustedWhereTheAPIServerStampsThem(t *testing.T) {
	orders := schema.GroupResource{Group: "zma.dev", Resource: "zmaorders"}
	for name, c := range map[string]struct {
		by, asker string
		err       error
		allow     bool
		want      string // who has asked in the end
		refused   bool
		transient bool
	}{
		"our own name comes back":                {by: "system:serviceaccount:zma-system:zma-controller", asker: "ada", want: "ada"},
		"the forged name comes back":             {by: nobody, asker: "ada", want: Unstamped, refused: true},
		"no name comes back":                     {asker: "ada", want: Unstamped, refused: true},
		"the write is denied":                    {by: "x", asker: "ada", err: apierrors.NewForbidden(orders, "o", errors.New("no")), want: Unstamped, refused: true},
		"the write is refused as bad":            {by: "x", asker: "ada", err: apierrors.NewBadRequest("no trial writes"), want: Unstamped, refused: true},
		"the API server is away":                 {by: "x", asker: "ada", err: apierrors.NewServiceUnavailable("away"), want: "ada", transient: true},
		"a forged name where none is needed":     {by: nobody, asker: "ada", allow: true, want: Unstamped},
		"no stamp at all where none is needed":   {err: errors.New("nobody is to ask"), asker: Unstamped, allow: true, want: Unstamped},
		"a real stamp, though none is needed":    {by: "controller", asker: "ada", allow: true, want: "ada"},
		"the API server is away, none is needed": {asker: "ada", err: apierrors.NewServiceUnavailable("away"), allow: true, want: "ada", transient: true},
	} {
		t.Run(name, func(t *testing.T) {
			api := &stampingClient{by: c.by, err: c.err}
			x := &Executors{Config: Config{Client: api, AllowUnstamped: c.allow}}
			task := &Task{Order: &v1alpha1.ZMAOrder{}, Asked: "retry", AskedBy: c.asker}
			refusal, err := x.untrusted(t.Context(), task)
			var transient *Transient
			if errors.As(err, &transient) != c.transient || err != nil && !c.transient {
				t.Errorf("error %v", err)
			}
			if c.refused != strings.Contains(refusal, "config/admission") || task.AskedBy != c.want {
				t.Errorf("refused as %q, asked by %q, want %q", refusal, task.AskedBy, c.want)
			}
			if c.asker != Unstamped && !api.dry {
				t.Error("the trial write is stored")
			}
		})
	}
}
