package chaos

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// start starts the operator: two controllers of which one leads, and the webhook
// endpoint.
func (w *world) start(ctx context.Context) error {
	common := []string{
		"--namespace=" + w.options.Namespace, "--metrics-bind-address=0", "--health-probe-bind-address=0", "--log-level=debug",
		"--call-timeout=3s", "--drain-timeout=25s",
	}
	controller := append([]string{
		// Slow calls are the rule here, so that more of them have to go on at once.
		"controller", "--webhook-bind-address=127.0.0.1:0", "--mail-lease=5s", "--max-concurrent-reconciles=48", "--leader-elect",
		"--leader-election-namespace=" + w.options.Namespace, "--leader-lease-duration=" + leaseDuration.String(),
		"--leader-renew-deadline=" + renewDeadline.String(), "--leader-retry-period=" + retryPeriod.String(),
	}, common...)
	webhook := append([]string{"webhook", "--webhook-bind-address=" + w.endpoint}, common...)
	forControllers, err := w.env("controllers", linkAPI, linkDB)
	if err != nil {
		return err
	}
	forWebhook, err := w.env("webhook", linkAPIWebhook, linkDBWebhook)
	if err != nil {
		return err
	}
	for name, p := range map[string]struct{ args, env []string }{
		controllerA: {controller, forControllers}, controllerB: {controller, forControllers}, webhookProc: {webhook, forWebhook},
	} {
		if w.keepers[name], err = keep(ctx, name, w.options.Binary, w.dir, p.args, p.env); err != nil {
			return err
		}
	}
	if err := w.up(ctx); err != nil {
		return err
	}
	return w.led(ctx)
}

// restart starts the run's clock again.
func (w *world) restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = time.Now()
	w.watch.restart(w.began)
}

// up waits until the endpoint takes requests.
func (w *world) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.endpoint+"/", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the webhook endpoint does not come up: %s", w.keepers[webhookProc].tail(3000))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// env makes the environment of a process that sees the world through two links.
// TLS passes through the link, so that the name in the certificate has to be told.
func (w *world) env(name, api, database string) ([]string, error) {
	cfg := w.options.Servers.Kube.Config()
	k := clientcmdapi.NewConfig()
	k.Clusters["chaos"] = &clientcmdapi.Cluster{
		Server: "https://" + w.links[api].Addr(), CertificateAuthorityData: cfg.CAData, TLSServerName: "127.0.0.1",
	}
	k.AuthInfos["chaos"] = &clientcmdapi.AuthInfo{Token: cfg.BearerToken}
	k.Contexts["chaos"] = &clientcmdapi.Context{Cluster: "chaos", AuthInfo: "chaos"}
	k.CurrentContext = "chaos"
	path := filepath.Join(w.dir, name+".kubeconfig")
	if err := clientcmd.WriteToFile(*k, path); err != nil {
		return nil, err
	}
	u, err := url.Parse(w.database)
	if err != nil {
		return nil, err
	}
	u.Host = w.links[database].Addr()
	return []string{"KUBECONFIG=" + path, "DATABASE_URL=" + u.String()}, nil
}

// migrate brings the schema to the binary's version.
func migrate(ctx context.Context, binary, databaseURL string) error {
	cmd := exec.CommandContext(ctx, binary, "migrate")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+databaseURL)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, out)
	}
	return nil
}
