package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// scene is everything that the show plays on.
type scene struct {
	dir      string
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
	s := &scene{dir: dir}
	defer func() { err = errors.Join(err, s.strike()) }()
	if err := s.set(ctx); err != nil {
		return false, err
	}
	ok, err = s.play(ctx)
	if err != nil || once {
		return ok, err
	}
	s.invite()
	<-ctx.Done()
	return ok, nil
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
	say("Starting zma-operator all …")
	s.operator, err = operator.Start(ctx, operator.Options{
		Binary: binary, Command: "all", Kubeconfig: s.stack.Kube.KubeconfigPath(), DatabaseURL: s.database,
		WebhookAddr: address, Log: s.logFile(),
	})
	return err
}

func (s *scene) logFile() string { return filepath.Join(s.dir, "operator.log") }

// strike ends every part and removes what it left.
func (s *scene) strike() error {
	if s.operator != nil {
		s.operator.Stop()
	}
	var err error
	if s.stack != nil {
		err = s.stack.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// invite tells how to look around.
func (s *scene) invite() {
	say("Everything goes on running. In another terminal:")
	fmt.Println(strings.TrimSpace(fmt.Sprintf(`
  export KUBECONFIG=%s
  %s get zmaorders -n %s -o wide -w
  %s describe zmaorder -n %s
  psql '%s' -c 'select name, status_reason, actual_total_cents from orders'
  tail -f %s

Press Ctrl-C to stop and remove everything.`,
		s.stack.Kube.KubeconfigPath(), s.stack.Kube.Kubectl(), namespace, s.stack.Kube.Kubectl(), namespace, s.database, s.logFile())))
}

func say(line string) { fmt.Println("\n==> " + line) }
