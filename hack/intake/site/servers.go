package site

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

// Servers are what sites may share: they are slow to start.
type Servers struct {
	// Kube is the API server with the product's CRDs.
	Kube *kube.Cluster
	// Postgres takes the delivery log.
	Postgres *postgres.Server
}

// Start says how servers are started, beside what they need.
type Start struct {
	// Progress takes lines for people; may be nil.
	Progress io.Writer
	// APIServerEnv is for the API server alone, beside this process's own.
	APIServerEnv []string
	// Between runs after Kubernetes has started; may be nil.
	Between func() error
}

// StartServers starts both.
func StartServers(ctx context.Context, o Start) (s *Servers, err error) {
	s = &Servers{}
	if s.Kube, err = kube.Start(ctx, kube.Options{Progress: o.Progress, CRDDirs: []string{stack.CRDs()}, APIServerEnv: o.APIServerEnv}); err != nil {
		return nil, fmt.Errorf("start Kubernetes: %w", err)
	}
	if o.Between != nil {
		if err := o.Between(); err != nil {
			return nil, errors.Join(err, s.Kube.Stop())
		}
	}
	if s.Postgres, err = postgres.Start(ctx, postgres.Options{Progress: o.Progress}); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), s.Kube.Stop())
	}
	return s, nil
}

// Stop ends both and removes what they left.
func (s *Servers) Stop() error { return errors.Join(s.Postgres.Stop(), s.Kube.Stop()) }
