// Command stack starts and stops a local stack: an API server with the product's
// CRDs, PostgreSQL, an SMTP server and the ZMA simulator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

const usage = `usage: stack [-name NAME] COMMAND

  build     build Kubernetes into the cache, once
  postgres  check that a PostgreSQL can be started
  up        start a stack in the background and print how to reach it; one
            that runs already is left alone and told about
  status    tell whether the stack runs
  env       print how to reach the running stack
  down      stop it and remove what it left
  run       run a stack in the foreground until interrupted
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		stop()
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("stack", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	name := flags.String("name", "default", "name of the stack; several can run side by side")
	locked := flags.Bool("locked", false, "for run, when started by up: the lock is inherited")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := newState(*name)
	if err != nil {
		return err
	}
	switch flags.Arg(0) {
	case "build":
		dir, err := kube.Assets(ctx, os.Stderr)
		if err == nil {
			fmt.Println(dir)
		}
		return err
	case "postgres":
		server, err := postgres.Start(ctx, postgres.Options{Progress: os.Stderr})
		if err != nil {
			return err
		}
		return server.Stop()
	case "up":
		return s.up(ctx)
	case "status":
		return s.status()
	case "env":
		return s.print()
	case "down":
		return s.down(ctx)
	case "run":
		return s.run(ctx, *locked)
	}
	flags.Usage()
	return errors.New("no such command")
}

// state is the folder of one named stack.
type state struct{ name, dir string }

func newState(name string) (*state, error) {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,40}$`).MatchString(name) {
		return nil, fmt.Errorf("%q is no name: use small letters, digits and dashes", name)
	}
	base, err := kube.Cache()
	if err != nil {
		return nil, err
	}
	return &state{name: name, dir: filepath.Join(base, "stacks", name)}, nil
}
