package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// program is one binary of the stack and the package that it is built from.
type program struct{ name, pkg string }

func programs() []program {
	return []program{
		{"etcd", "go.etcd.io/etcd/server/v3"},
		{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
		{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
		{"kubectl", "k8s.io/kubernetes/cmd/kubectl"},
	}
}

// recipe is part of the cache's key: a change of how the binaries are built must
// change it.
const recipe = "r2"

// ErrIncomplete means that KUBEBUILDER_ASSETS lacks a binary.
var ErrIncomplete = errors.New("KUBEBUILDER_ASSETS lacks a binary")

// Assets returns a folder with the binaries: the one that KUBEBUILDER_ASSETS
// names, else a cache folder that is filled from source first. Two callers at
// once build once. The first build takes minutes; progress says how far it is.
func Assets(ctx context.Context, progress io.Writer) (string, error) {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir, complete(dir)
	}
	module, err := moduleDir()
	if err != nil {
		return "", err
	}
	dir, err := cacheDir(module)
	if err != nil {
		return "", err
	}
	if complete(dir) == nil {
		return dir, nil
	}
	unlock, err := lock(ctx, dir, progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	for i, p := range programs() {
		if err := build(ctx, module, dir, p, i+1, progress); err != nil {
			return "", err
		}
	}
	return dir, complete(dir)
}

// complete checks for every binary that a cluster without a controller manager
// needs; the controller manager is looked for when it is asked for.
func complete(dir string) error {
	for _, p := range programs() {
		if os.Getenv("KUBEBUILDER_ASSETS") != "" && p.name == "kube-controller-manager" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, p.name)); err != nil {
			return fmt.Errorf("%w: %s in %s", ErrIncomplete, p.name, dir)
		}
	}
	return nil
}

// moduleDir finds hack/kube beside this source file.
func moduleDir() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the source of package kube can't be found")
	}
	dir := filepath.Join(filepath.Dir(file), "..", "..", "kube")
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("find the module that pins Kubernetes: %w", err)
	}
	return filepath.Clean(dir), nil
}

// Cache is the folder that keeps what is built or downloaded once:
// $ZMA_CACHE_DIR, else zma-operator in the user's cache folder.
func Cache() (string, error) {
	if dir := os.Getenv("ZMA_CACHE_DIR"); dir != "" {
		return dir, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return filepath.Join(base, "zma-operator"), nil
}

// cacheDir is keyed by everything that decides what the binaries are.
func cacheDir(module string) (string, error) {
	base, err := Cache()
	if err != nil {
		return "", err
	}
	kubernetes, err := pinned(module, "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	etcd, err := pinned(module, "go.etcd.io/etcd/server/v3")
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("%s-etcd-%s-%s-%s-%s", kubernetes, etcd, runtime.GOOS, runtime.GOARCH, recipe)
	dir := filepath.Join(base, "kube", key)
	return dir, os.MkdirAll(dir, 0o755)
}

func pinned(module, path string) (string, error) {
	f, err := os.Open(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "require "))
		if len(fields) >= 2 && fields[0] == path && strings.HasPrefix(fields[1], "v") {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("%s does not pin %s", module, path)
}

// lock makes sure that one process builds; others wait and say so.
func lock(ctx context.Context, dir string, progress io.Writer) (func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	said := false
	for syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		if !said {
			report(progress, "waiting for another process that builds Kubernetes")
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(time.Second):
		}
	}
	return func() { _ = f.Close() }, nil // closing gives the lock back
}

// build makes one binary. It appears under its name only when it is whole.
func build(ctx context.Context, module, dir string, p program, number int, progress io.Writer) error {
	target := filepath.Join(dir, p.name)
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	step := fmt.Sprintf("building %s from source (%d of %d; the first time takes minutes)", p.name, number, len(programs()))
	report(progress, step)
	flags, err := linkerFlags(module)
	if err != nil {
		return err
	}
	partial := target + ".partial"
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags", flags, "-o", partial, p.pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	stop := ticker(progress, "still "+step)
	out, err := cmd.CombinedOutput()
	stop()
	if err != nil {
		return fmt.Errorf("build %s: %w\n%s", p.name, err, out)
	}
	return os.Rename(partial, target)
}

// linkerFlags stamp the version that is built. Without them a server reports a
// placeholder that kubectl, and whoever else compares versions, can't read.
func linkerFlags(module string) (string, error) {
	version, err := pinned(module, "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) != 3 {
		return "", fmt.Errorf("%q is no version of Kubernetes", version)
	}
	flags := "-s -w"
	for _, stamp := range []string{"gitVersion=" + version, "gitMajor=" + parts[0], "gitMinor=" + parts[1], "gitTreeState=archive"} {
		flags += " -X k8s.io/component-base/version." + stamp
	}
	return flags, nil
}

// ticker says every 15 seconds that work goes on, until it is stopped.
func ticker(progress io.Writer, what string) (stop func()) {
	start, done, ended := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(15 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				report(progress, fmt.Sprintf("%s, %s so far", what, time.Since(start).Round(time.Second)))
			}
		}
	}()
	return func() { close(done); <-ended }
}

func report(w io.Writer, line string) {
	if w != nil {
		_, _ = fmt.Fprintln(w, "==>", line) // progress is for people; losing a line loses nothing
	}
}
