package site

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// Options of a site.
type Options struct {
	// Servers to use.
	Servers *Servers
	// Binary of the operator.
	Binary string
	// Sources by name, each with its limits; one of them must be shop.SourceName.
	Sources map[string]v1alpha1.RateLimit
}

// Site is one namespace with its sources, its database and its replicas.
type Site struct {
	// Namespace of the sources.
	Namespace string
	// Client has all rights.
	Client client.WithWatch
	// Secret that the sources verify with.
	Secret string
	// Database is the URL of the delivery log's database.
	Database string

	options    Options
	setup      shop.Setup
	dir        string
	kubeconfig string
	replicas   []*Replica
}

// New sets a site up. Close it, also when New has failed.
func New(ctx context.Context, o Options) (*Site, error) {
	s := &Site{options: o, Namespace: "intake-" + strings.ToLower(rand.Text()[:10])}
	var err error
	if s.dir, err = os.MkdirTemp("", "zma-intake-"); err != nil {
		return s, err
	}
	if s.Client, err = shop.Client(o.Servers.Kube.Config()); err != nil {
		return s, err
	}
	if s.Database, err = o.Servers.Postgres.CreateDatabase(ctx, strings.ReplaceAll(s.Namespace, "-", "_")); err != nil {
		return s, fmt.Errorf("create the database: %w", err)
	}
	if err := operator.Migrate(ctx, o.Binary, s.Database); err != nil {
		return s, err
	}
	if err := s.sources(ctx); err != nil {
		return s, err
	}
	return s, s.rights(ctx)
}

// sources makes the shop's objects and gives each source its limits.
func (s *Site) sources(ctx context.Context) (err error) {
	// Nothing is ever ordered: no controller runs here.
	s.setup = shop.Setup{Namespace: s.Namespace, ProviderURL: "http://127.0.0.1:9", ProviderToken: "sim-token"}
	for name := range s.options.Sources {
		if name != shop.SourceName {
			s.setup.MoreAccounts = append(s.setup.MoreAccounts, name)
		}
	}
	if s.Secret, err = s.setup.Apply(ctx, s.Client); err != nil {
		return err
	}
	for name, limits := range s.options.Sources {
		var source v1alpha1.WebhookSource
		if err := s.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, &source); err != nil {
			return fmt.Errorf("read source %s: %w", name, err)
		}
		source.Spec.RateLimit = limits
		if err := s.Client.Update(ctx, &source); err != nil {
			return fmt.Errorf("limit source %s: %w", name, err)
		}
	}
	return nil
}

// Path on which a source is served.
func (s *Site) Path(source string) string { return s.setup.PathOf(source) }

// Logs are the files that the replicas write, one each.
func (s *Site) Logs() []string {
	var out []string
	for _, r := range s.replicas {
		out = append(out, filepath.Join(s.dir, r.Name+".log"))
	}
	return out
}

// Close ends the replicas and removes what the site has left on this machine.
func (s *Site) Close() error {
	for _, r := range s.replicas {
		r.Kill()
	}
	if s.dir == "" {
		return nil
	}
	return errors.Join(s.dropDatabase(), os.RemoveAll(s.dir))
}
