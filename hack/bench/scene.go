package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

const (
	namespace = "bench"
	token     = "bench-token"
)

// centsPerOrder is more than any order costs: the balance must never be what an
// order waits for.
const centsPerOrder = 100_000

// scene is everything that a run takes place on.
type scene struct {
	options  options
	say      func(format string, args ...any)
	dir      string
	log      string // of the operator; outlives a run that failed
	stack    *stack.Stack
	provider *provider
	client   client.WithWatch
	sender   *shop.Sender
	operator *operator.Process
	database string // its name; empty before it is made
}

// open starts every part. What it has started when it fails is ended by close.
func open(ctx context.Context, o options, progress io.Writer) (*scene, error) {
	s := &scene{options: o, say: func(format string, args ...any) {
		_, _ = fmt.Fprintf(progress, "==> "+format+"\n", args...) // progress is a courtesy
	}}
	var err error
	if s.dir, err = os.MkdirTemp("", "zma-bench-"); err != nil {
		return s, err
	}
	s.log = s.dir + ".log"
	s.say("starting Kubernetes, PostgreSQL, an SMTP server and the ZMA simulator")
	s.stack, err = stack.Start(ctx, stack.Options{
		Progress: progress, SMTP: smtpsink.Options{TLS: true},
		ZMA: zmasim.Options{Token: token, BalanceCents: centsPerOrder * int64(o.orders+warmUp)},
	})
	if err != nil {
		return s, err
	}
	if s.provider, err = newProvider(s.stack.ZMA); err != nil {
		return s, err
	}
	if s.client, err = shop.Client(s.stack.Kube.Config()); err != nil {
		return s, err
	}
	return s, s.start(ctx)
}

// start runs the operator on a shop of its own.
func (s *scene) start(ctx context.Context) error {
	binary, err := s.binary(ctx)
	if err != nil {
		return err
	}
	var database string
	if s.database, database, err = createDatabase(ctx, s.stack.Postgres); err != nil {
		return err
	}
	if err := operator.Migrate(ctx, binary, database); err != nil {
		return err
	}
	port, err := process.FreePort()
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if err := s.configure(ctx, address); err != nil {
		return err
	}
	s.operator, err = operator.Start(ctx, operator.Options{
		Binary: binary, Command: "all", Kubeconfig: s.stack.Kube.KubeconfigPath(), DatabaseURL: database,
		WebhookAddr: address, Log: s.log, Args: []string{"--log-level=info"},
	})
	return err
}

func (s *scene) binary(ctx context.Context) (string, error) {
	if s.options.binary != "" {
		return s.options.binary, nil
	}
	s.say("building the operator")
	return operator.Build(ctx, s.dir, "")
}

// configure makes the shop's objects, the account with the product's own defaults.
func (s *scene) configure(ctx context.Context, address string) error {
	setup := shop.Setup{
		Namespace: namespace, ProviderURL: s.provider.url(), ProviderToken: token,
		CallbackURL: "http://" + address, PollInterval: time.Minute,
		SMTPHost: "127.0.0.1", SMTPPort: s.stack.SMTP.Port(), SMTPCA: s.stack.SMTP.CertPEM(),
	}
	secret, err := setup.Apply(ctx, s.client)
	if err != nil {
		return err
	}
	s.sender = &shop.Sender{URL: "http://" + address + setup.WebhookPath(), Secret: secret, HTTP: http.DefaultClient, Now: time.Now}
	return s.ordinaryAccount(ctx)
}

// close ends every part and removes what it left, but for the operator's log when
// something failed.
func (s *scene) close(failed bool) error {
	var errs []error
	if s.operator != nil {
		s.operator.Stop()
	}
	if s.provider != nil {
		s.provider.line.refuse()
	}
	if s.database != "" {
		errs = append(errs, dropDatabase(s.stack.Postgres, s.database))
	}
	if s.stack != nil {
		errs = append(errs, s.stack.Stop())
	}
	if failed && s.operator != nil {
		s.say("the operator's log stays at %s", s.log)
	} else {
		errs = append(errs, os.RemoveAll(s.log))
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
