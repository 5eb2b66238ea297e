package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/scratch"
)

// readyTimeout is generous: a loaded machine starts an API server slowly.
const readyTimeout = 3 * time.Minute

// stopGrace is given to each server to end by itself.
const stopGrace = 20 * time.Second

// Options of a cluster.
type Options struct {
	// CRDDirs hold CustomResourceDefinitions to install; the product's admission
	// policies come with them.
	CRDDirs []string
	// Progress takes lines for people; may be nil.
	Progress io.Writer
	// ControllerManager also runs the controllers that finish the deletion of
	// namespaces and collect garbage.
	ControllerManager bool
	// APIServerEnv is for the API server alone, beside this process's own.
	APIServerEnv []string
	// Dir for data, logs and the kubeconfig; a temporary one, removed by Stop,
	// when empty.
	Dir string
}

// Cluster is a running API server with its etcd.
type Cluster struct {
	options Options
	assets  string
	dir     string
	scratch *scratch.Dir // nil when the caller gave a folder
	files   files
	ports   ports
	config  *rest.Config

	etcd, apiServer, controllerManager *process.Process
}

type ports struct{ etcdClient, etcdPeer, apiServer int }

// Start runs a cluster on free ports and waits until it is ready.
func Start(ctx context.Context, o Options) (c *Cluster, err error) {
	assets, err := Assets(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	c = &Cluster{options: o, assets: assets, dir: o.Dir}
	if c.dir == "" {
		if c.scratch, err = scratch.New("kube"); err != nil {
			return nil, err
		}
		c.dir = c.scratch.Path()
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	for _, port := range []*int{&c.ports.etcdClient, &c.ports.etcdPeer, &c.ports.apiServer} {
		free, err := process.FreePort()
		if err != nil {
			return err
		}
		*port = free
	}
	if err := c.writeFiles(); err != nil {
		return err
	}
	if err := c.startEtcd(ctx); err != nil {
		return err
	}
	if err := c.startAPIServer(ctx); err != nil {
		return err
	}
	if len(c.options.CRDDirs) > 0 {
		if _, err := envtest.InstallCRDs(c.config, envtest.CRDInstallOptions{Paths: c.options.CRDDirs, MaxTime: time.Minute}); err != nil {
			return fmt.Errorf("install CRDs: %w", err)
		}
		if err := c.installAdmission(ctx); err != nil {
			return err
		}
	}
	if c.options.ControllerManager {
		return c.startControllerManager()
	}
	return nil
}

// Config has all rights. Copy it before changing it.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.config) }

// User has the rights of a user and groups, by impersonation.
func (c *Cluster) User(name string, groups ...string) *rest.Config {
	cfg := c.Config()
	cfg.Impersonate = rest.ImpersonationConfig{UserName: name, Groups: groups}
	return cfg
}

// KubeconfigPath is a kubeconfig with all rights.
func (c *Cluster) KubeconfigPath() string { return c.files.kubeconfig }

// Kubectl is the path of kubectl.
func (c *Cluster) Kubectl() string { return filepath.Join(c.assets, "kubectl") }

// StopAPIServer ends the API server; etcd keeps its data. The controller manager
// ends with it: one that is still starting would give up for good.
func (c *Cluster) StopAPIServer() error {
	var errs []error
	if c.controllerManager != nil {
		errs = append(errs, c.controllerManager.Stop(syscall.SIGKILL, stopGrace))
		c.controllerManager = nil
	}
	if c.apiServer != nil {
		errs = append(errs, c.apiServer.Stop(syscall.SIGTERM, stopGrace))
		c.apiServer = nil
	}
	return errors.Join(errs...)
}

// StartAPIServer starts the API server on the port that it had, and what ended
// with it.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	if err := c.startAPIServer(ctx); err != nil {
		return err
	}
	if c.options.ControllerManager {
		return c.startControllerManager()
	}
	return nil
}

func (c *Cluster) startAPIServer(ctx context.Context) error {
	p, err := process.Start(process.Spec{Path: filepath.Join(c.assets, "kube-apiserver"), Args: c.apiServerArgs(), Env: c.options.APIServerEnv, Dir: c.dir})
	if err != nil {
		return err
	}
	c.apiServer = p
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return p.Wait(ctx, c.apiServerReady)
}

// RestartAPIServer stops and starts the API server.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	if err := c.StopAPIServer(); err != nil {
		return err
	}
	return c.StartAPIServer(ctx)
}

func (c *Cluster) apiServerReady(ctx context.Context) error {
	// Read again at each try: the server may be in the middle of writing its
	// certificate.
	cfg, err := c.restConfig()
	if err != nil {
		return err
	}
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		return err
	}
	if err := get(ctx, &http.Client{Transport: transport, Timeout: 5 * time.Second}, cfg.Host+"/readyz"); err != nil {
		return err
	}
	c.config = cfg
	return nil
}

func (c *Cluster) startEtcd(ctx context.Context) error {
	p, err := process.Start(process.Spec{Path: filepath.Join(c.assets, "etcd"), Args: c.etcdArgs(), Dir: c.dir})
	if err != nil {
		return err
	}
	c.etcd = p
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return p.Wait(ctx, func(ctx context.Context) error {
		return get(ctx, &http.Client{Timeout: 5 * time.Second}, fmt.Sprintf("http://127.0.0.1:%d/health", c.ports.etcdClient))
	})
}

func (c *Cluster) startControllerManager() error {
	path := filepath.Join(c.assets, "kube-controller-manager")
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%w: kube-controller-manager in %s", ErrIncomplete, c.assets)
	}
	p, err := process.Start(process.Spec{Path: path, Args: c.controllerManagerArgs(), Dir: c.dir})
	c.controllerManager = p
	return err
}

// Stop ends everything; a temporary folder is removed.
func (c *Cluster) Stop() error {
	errs := []error{c.StopAPIServer()}
	if c.etcd != nil {
		errs = append(errs, c.etcd.Stop(syscall.SIGKILL, stopGrace)) // its data is not needed again
	}
	if c.scratch != nil {
		errs = append(errs, c.scratch.Remove())
	}
	return errors.Join(errs...)
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", req.URL.Path, resp.Status)
	}
	return nil
}
