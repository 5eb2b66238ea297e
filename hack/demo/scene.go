package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

const namespace = "shop"

// errInterrupted tells that the show was broken off before its end, so that
// nothing is known about the expectations.
var errInterrupted = errors.New("interrupted before the end")

// scene is everything that the show plays on.
type scene struct {
	// dir takes what goes with the demo; log outlives a demo that failed.
	dir, log string
	stack    *stack.Stack
	operator *operator.Process
	client   client.WithWatch
	sender   *shop.Sender
	database string
}

// show sets the scene, plays, and tells whether everything went as it should.
func show(ctx context.Context, once bool) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "zma-demo-")
	if err != nil {
		return false, err
	}
	s := &scene{dir: dir, log: dir + ".log"}
	defer func() {
		failed := !ok && !errors.Is(err, errInterrupted)
		err = errors.Join(err, s.strike(failed))
	}()
	ok, err = s.perform(ctx)
	if ctx.Err() != nil {
		return false, errInterrupted // what it broke off fails for no other reason
	}
	if err != nil || once {
		return ok, err
	}
	if err := s.invite(); err != nil {
		return false, err
	}
	<-ctx.Done()
	return ok, nil
}

func (s *scene) perform(ctx context.Context) (bool, error) {
	if err := s.set(ctx); err != nil {
		return false, err
	}
	return s.play(ctx)
}

// set starts every part and the operator itself.
func (s *scene) set(ctx context.Context) error {
	say("Starting Kubernetes, PostgreSQL, an SMTP server and the ZMA simulator …")
	var err error
	s.stack, err = stack.Start(ctx, stack.Options{
		Progress: os.Stdout, ControllerManager: true,
		SMTP: smtpsink.Options{TLS: true},
		ZMA:  zmasim.Options{Token: "demo-token", Control: true, Processing: 1500 * time.Millisecond, Delivery: 0},
	})
	if err != nil {
		return err
	}
	if s.client, err = shop.Client(s.stack.Kube.Config()); err != nil {
		return err
	}
	say("Building the operator and migrating its database …")
	binary, err := operator.Build(ctx, s.dir, "")
	if err != nil {
		return err
	}
	if s.database, err = s.stack.Postgres.CreateDatabase(ctx, "zma_demo_"+strconv.Itoa(os.Getpid())); err != nil {
		return err
	}
	if err := operator.Migrate(ctx, binary, s.database); err != nil {
		return err
	}
	return s.start(ctx, binary)
}

// start applies the shop's configuration and runs the operator.
func (s *scene) start(ctx context.Context, binary string) error {
	port, err := process.FreePort()
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	setup := shop.Setup{
		Namespace: namespace, ProviderURL: s.stack.ZMA.URL(), ProviderToken: "demo-token",
		CallbackURL: "http://" + address, PollInterval: 5 * time.Second,
		SMTPHost: "127.0.0.1", SMTPPort: s.stack.SMTP.Port(), SMTPCA: s.stack.SMTP.CertPEM(),
	}
	secret, err := setup.Apply(ctx, s.client)
	if err != nil {
		return err
	}
	s.sender = &shop.Sender{URL: "http://" + address + setup.WebhookPath(), Secret: secret, HTTP: http.DefaultClient, Now: time.Now}
	if err := s.protect(ctx); err != nil {
		return err
	}
	say("Starting zma-operator all; its log is " + s.log)
	s.operator, err = operator.Start(ctx, operator.Options{
		Binary: binary, Command: "all", Kubeconfig: s.stack.Kube.KubeconfigPath(), DatabaseURL: s.database,
		WebhookAddr: address, Log: s.log,
	})
	return err
}

// strike ends every part and removes what it left, but for the operator's log
// when something failed.
func (s *scene) strike(failed bool) error {
	if s.operator != nil {
		s.operator.Stop()
	}
	var err error
	if s.stack != nil {
		err = s.stack.Stop()
	}
	if failed {
		s.tellLog()
	} else {
		err = errors.Join(err, os.RemoveAll(s.log))
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func say(line string) { fmt.Println("\n==> " + line) }
