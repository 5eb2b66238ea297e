package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/stack/process"
)

// Replica is one process of the endpoint.
type Replica struct {
	// Name of the replica, which its log file has too.
	Name string

	process *operator.Process
	metrics string
}

// StartReplica starts a replica, with flags beside those of every replica, and
// waits until it is ready.
func (s *Site) StartReplica(ctx context.Context, name string, args ...string) (*Replica, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	r := &Replica{Name: name, metrics: fmt.Sprintf("127.0.0.1:%d", port)}
	env, err := operator.ManifestEnv("webhook")
	if err != nil {
		return nil, err
	}
	r.process, err = operator.Start(ctx, operator.Options{
		Binary: s.options.Binary, Command: "webhook", Env: env, Kubeconfig: s.kubeconfig, DatabaseURL: s.Database,
		Log: filepath.Join(s.dir, name+".log"),
		Args: append([]string{
			"--namespace=" + s.Namespace, "--log-level=info", "--metrics-bind-address=" + r.metrics, "--metrics-secure=false",
		}, args...),
	})
	if r.process != nil {
		s.replicas = append(s.replicas, r)
	}
	return r, err
}

// URL of the replica, without a path.
func (r *Replica) URL() string { return r.process.WebhookURL() }

// Kill ends the replica by SIGKILL.
func (r *Replica) Kill() { r.process.Kill() }

// Revive starts the replica again, at the same address, as often as it takes:
// one that can't begin is started again by a cluster too.
func (r *Replica) Revive(ctx context.Context) error {
	for {
		err := r.process.Start(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		r.process.Kill() // one that did not become ready still runs
		select {
		case <-ctx.Done():
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// Metrics of the replica since its last start.
func (r *Replica) Metrics(ctx context.Context) (Metrics, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.metrics+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	return scrape(http.DefaultClient, req)
}

// APIServerMetrics are those of the API server.
func (s *Site) APIServerMetrics(ctx context.Context) (Metrics, error) {
	c, req, err := s.askAPIServer(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	return scrape(c, req)
}

// CollectAPIServer lets the API server collect its garbage, and returns when it has.
func (s *Site) CollectAPIServer(ctx context.Context) error {
	c, req, err := s.askAPIServer(ctx, "/debug/pprof/heap?gc=1") // a profile is taken of what a collection leaves
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read or given up
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// askAPIServer makes a request to the API server, as its administrator.
func (s *Site) askAPIServer(ctx context.Context, path string) (*http.Client, *http.Request, error) {
	cfg := s.options.Servers.Kube.Config()
	c, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.Host+path, nil)
	return c, req, err
}
