// Package stack starts everything that the operator talks to, for real: an API
// server, PostgreSQL, an SMTP server and the ZMA simulator.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// Options of a stack.
type Options struct {
	// Progress takes lines for people; may be nil.
	Progress io.Writer
	// Dir takes data and logs, and is left to the caller to remove; temporary
	// folders, removed by Stop, when empty. PostgreSQL does not run as root, so a
	// root's folder must be open to others as far as its parents.
	Dir string
	// ControllerManager also finishes the deletion of namespaces.
	ControllerManager bool
	// SMTP of the mail server.
	SMTP smtpsink.Options
	// ZMA of the simulator.
	ZMA zmasim.Options
}

// Stack is a running stack.
type Stack struct {
	// Kube is the API server, with the product's CRDs.
	Kube *kube.Cluster
	// Postgres is the database server.
	Postgres *postgres.Server
	// SMTP keeps the mails.
	SMTP *smtpsink.Server
	// ZMA is the provider.
	ZMA *zmasim.Server
}

// Start starts the parts, each on free ports.
func Start(ctx context.Context, o Options) (s *Stack, err error) {
	s = &Stack{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	kubeDir, postgresDir, err := o.dirs()
	if err != nil {
		return s, err
	}
	if s.Kube, err = kube.Start(ctx, kube.Options{CRDDirs: []string{CRDs()}, Progress: o.Progress, ControllerManager: o.ControllerManager, Dir: kubeDir}); err != nil {
		return s, fmt.Errorf("start Kubernetes: %w", err)
	}
	if s.Postgres, err = postgres.Start(ctx, postgres.Options{Progress: o.Progress, Dir: postgresDir}); err != nil {
		return s, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if s.SMTP, err = smtpsink.Start(o.SMTP); err != nil {
		return s, fmt.Errorf("start the SMTP server: %w", err)
	}
	if s.ZMA, err = zmasim.Start(ctx, o.ZMA); err != nil {
		return s, fmt.Errorf("start the ZMA simulator: %w", err)
	}
	return s, nil
}

// dirs makes a folder for each part that keeps files; none without Dir.
func (o Options) dirs() (kube, postgres string, err error) {
	if o.Dir == "" {
		return "", "", nil
	}
	kube, postgres = filepath.Join(o.Dir, "kube"), filepath.Join(o.Dir, "postgres")
	return kube, postgres, errors.Join(os.MkdirAll(kube, 0o700), os.MkdirAll(postgres, 0o700))
}

// Stop ends every part and removes what it left.
func (s *Stack) Stop() error {
	var errs []error
	if s.ZMA != nil {
		errs = append(errs, s.ZMA.Close())
	}
	if s.SMTP != nil {
		errs = append(errs, s.SMTP.Stop())
	}
	if s.Postgres != nil {
		errs = append(errs, s.Postgres.Stop())
	}
	if s.Kube != nil {
		errs = append(errs, s.Kube.Stop())
	}
	return errors.Join(errs...)
}

// CRDs is the folder of the product's CustomResourceDefinitions.
func CRDs() string { return filepath.Join(Root(), "config", "crd", "bases") }

// Root is the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Clean(filepath.Join(filepath.Dir(file), "..", ".."))
}
