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

// StartServers starts both; progress takes lines for people and may be nil. What
// is given as between runs after Kubernetes has started.
func StartServers(ctx context.Context, progress io.Writer, between ...func() error) (s *Servers, err error) {
	s = &Servers{}
	if s.Kube, err = kube.Start(ctx, kube.Options{Progress: progress, CRDDirs: []string{stack.CRDs()}}); err != nil {
		return nil, fmt.Errorf("start Kubernetes: %w", err)
	}
	for _, f := range between {
		if err := f(); err != nil {
			return nil, errors.Join(err, s.Kube.Stop())
		}
	}
	if s.Postgres, err = postgres.Start(ctx, postgres.Options{Progress: progress}); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), s.Kube.Stop())
	}
	return s, nil
}

// Stop ends both and removes what they left.
func (s *Servers) Stop() error { return errors.Join(s.Postgres.Stop(), s.Kube.Stop()) }
