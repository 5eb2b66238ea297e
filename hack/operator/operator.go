// Package operator builds and runs the real binary for the demo and the
// end-to-end tests.
package operator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/process"
)

// Build compiles the binary into a folder. overlay is a file for go build
// -overlay, which replaces sources; none when empty.
func Build(ctx context.Context, dir, overlay string) (string, error) {
	path := filepath.Join(dir, "zma-operator")
	args := []string{"build", "-o", path}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = stack.Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the operator: %w\n%s", err, out)
	}
	return path, nil
}

// Options of a process.
type Options struct {
	// Binary from Build.
	Binary string
	// Command is all, controller or webhook.
	Command string
	// Kubeconfig to reach the API server.
	Kubeconfig string
	// DatabaseURL to reach Postgres.
	DatabaseURL string
	// WebhookAddr of the webhook endpoint; a free port when empty.
	WebhookAddr string
	// Log takes the log lines; opened for appending.
	Log string
	// Args beside those made here.
	Args []string
	// Env beside that of this process and what is made here, as NAME=value.
	Env []string
}

// Process is a running operator.
type Process struct {
	options Options
	health  string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

// Migrate brings the schema to the binary's version.
func Migrate(ctx context.Context, binary, databaseURL string) error {
	cmd := exec.CommandContext(ctx, binary, "migrate")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+databaseURL)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, out)
	}
	return nil
}

// Start runs the operator and waits until it is ready.
func Start(ctx context.Context, o Options) (*Process, error) {
	if o.WebhookAddr == "" {
		port, err := process.FreePort()
		if err != nil {
			return nil, err
		}
		o.WebhookAddr = fmt.Sprintf("127.0.0.1:%d", port)
	}
	p := &Process{options: o}
	return p, p.Start(ctx)
}

// WebhookURL of the webhook endpoint.
func (p *Process) WebhookURL() string { return "http://" + p.options.WebhookAddr }

// Start runs the operator again after Kill or Stop, with the same addresses.
func (p *Process) Start(ctx context.Context) error {
	port, err := process.FreePort()
	if err != nil {
		return err
	}
	p.health = fmt.Sprintf("127.0.0.1:%d", port)
	log, err := os.OpenFile(p.options.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own
	args := append([]string{
		p.options.Command, "--webhook-bind-address=" + p.options.WebhookAddr, "--metrics-bind-address=0",
		"--health-probe-bind-address=" + p.health, "--log-level=debug",
	}, p.options.Args...)
	cmd := exec.Command(p.options.Binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "KUBECONFIG="+p.options.Kubeconfig, "DATABASE_URL="+p.options.DatabaseURL)
	cmd.Env = append(cmd.Env, p.options.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the operator: %w", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(done)
	}()
	p.mu.Lock()
	p.cmd, p.done = cmd, done
	p.mu.Unlock()
	return p.ready(ctx, done)
}

func (p *Process) ready(ctx context.Context, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.health+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			ok := resp.StatusCode == http.StatusOK
			if err := resp.Body.Close(); err != nil {
				return err
			}
			if ok {
				return nil
			}
		}
		select {
		case <-done:
			return fmt.Errorf("the operator has ended; its log is %s", p.options.Log)
		case <-ctx.Done():
			return fmt.Errorf("the operator is not ready: %w; its log is %s", ctx.Err(), p.options.Log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends the operator by SIGKILL and returns once it is gone. It is safe from
// any goroutine, and harmless when the operator has ended.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop ends the operator as a cluster would, and returns once it is gone.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

func (p *Process) end(s os.Signal) {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	if err := cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return // it can only be gone
	}
	<-done
}
