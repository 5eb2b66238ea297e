package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/intake/load"
	"github.com/zma-operator/zma-operator/hack/intake/site"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// scene is what a run takes place on: one replica and one source, without limits
// that could be felt.
type scene struct {
	say      func(format string, args ...any)
	dir      string
	servers  *site.Servers
	site     *site.Site
	replica  *site.Replica
	webhooks *webhooks
	creates  *creates
	// collects tells that the API server collects its garbage when it is told to, and
	// collected how many orders there were when it last was.
	collects  bool
	collected int
}

// open starts every part. What it has started when it fails is ended by close.
func open(ctx context.Context, o options, progress io.Writer) (*scene, error) {
	s := &scene{say: func(format string, args ...any) {
		_, _ = fmt.Fprintf(progress, "==> "+format+"\n", args...) // progress is a courtesy
	}}
	var err error
	if s.dir, err = os.MkdirTemp("", "zma-bench-"); err != nil {
		return s, err
	}
	binary := o.binary
	if binary == "" {
		s.say("building the operator")
		if binary, err = operator.Build(ctx, s.dir, ""); err != nil {
			return s, err
		}
	}
	if err := s.start(ctx, o, progress); err != nil {
		return s, err
	}
	s.site, err = site.New(ctx, site.Options{Servers: s.servers, Binary: binary, Sources: map[string]v1alpha1.RateLimit{
		shop.SourceName: {PerMinute: 600000, Burst: 100000, PerClientPerMinute: 600000},
	}})
	if err != nil {
		return s, err
	}
	if s.replica, err = s.site.StartReplica(ctx, "endpoint"); err != nil {
		return s, err
	}
	s.webhooks = newWebhooks(s.site, s.replica)
	s.creates, err = newCreates(ctx, s.site, s.webhooks)
	return s, err
}

// start starts the servers. With cores apart, Kubernetes has half of them for itself,
// as it has machines of its own where it matters.
func (s *scene) start(ctx context.Context, o options, progress io.Writer) (err error) {
	s.say("starting Kubernetes and PostgreSQL")
	how := site.Start{Progress: progress}
	if o.garbage == garbageBetween {
		s.collects, how.APIServerEnv = true, []string{"GOGC=off", "GOMEMLIMIT=" + mostGarbage}
	}
	if o.cores == coresApart {
		halves, err := load.PartCores()
		if err != nil {
			return fmt.Errorf("-cores=%s: %w; -cores=%s does without", coresApart, err, coresShared)
		}
		if err := halves.First(); err != nil {
			return err
		}
		how.Between = halves.Second
	}
	s.servers, err = site.StartServers(ctx, how)
	return err
}

// close ends every part and removes what it left.
func (s *scene) close() error {
	var errs []error
	if s.site != nil {
		errs = append(errs, s.site.Close())
	}
	if s.servers != nil {
		errs = append(errs, s.servers.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
