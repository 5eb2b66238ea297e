package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/chaos/cut"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// Servers are what runs may share: they are slow to start.
type Servers struct {
	Kube     *kube.Cluster
	Postgres *postgres.Server
}

// world is one run's own shop, provider, mail server, database, links and
// processes.
type world struct {
	options  Options
	plan     *Plan
	dir      string
	client   client.WithWatch
	database string // not through a link
	sim      *zmasim.Server
	sink     *smtpsink.Server
	links    map[string]*cut.Proxy
	keepers  map[string]*keeper
	setup    shop.Setup
	secret   string
	endpoint string // host:port of the webhook endpoint
	watch    *watcher
	began    time.Time
	acting   atomic.Int64 // customers that have yet to act

	mu    sync.Mutex
	names map[string]string // of orders by external ID
	log   []string
}

// processing is how long the provider works on an order, and half a review.
const processing = 300 * time.Millisecond

// delivery is the time from placement to the last parcel. Nothing can be
// cancelled once half of it has passed.
const delivery = 14 * time.Second

func newWorld(ctx context.Context, o Options) (w *world, err error) {
	w = &world{options: o, links: map[string]*cut.Proxy{}, keepers: map[string]*keeper{}, names: map[string]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "zma-chaos-"); err != nil {
		return w, err
	}
	if w.client, err = shop.Client(o.Servers.Kube.Config()); err != nil {
		return w, err
	}
	if w.database, err = o.Servers.Postgres.CreateDatabase(ctx, o.database()); err != nil {
		return w, err
	}
	if err = migrate(ctx, o.Binary, w.database); err != nil {
		return w, err
	}
	if w.sim, err = zmasim.Start(ctx, zmasim.Options{Processing: processing, Delivery: delivery, CallbackRetry: 500 * time.Millisecond}); err != nil {
		return w, err
	}
	if w.sink, err = smtpsink.Start(smtpsink.Options{}); err != nil {
		return w, err
	}
	return w, w.configure(ctx)
}

// configure puts a link in front of everything that the operator talks to, and
// applies the shop.
func (w *world) configure(ctx context.Context) error {
	api, err := url.Parse(w.options.Servers.Kube.Config().Host)
	if err != nil {
		return err
	}
	database, err := url.Parse(w.database)
	if err != nil {
		return err
	}
	provider, err := url.Parse(w.sim.URL())
	if err != nil {
		return err
	}
	for link, target := range map[string]string{
		linkAPI: api.Host, linkAPIWebhook: api.Host, linkDB: database.Host, linkDBWebhook: database.Host,
		linkProvider: provider.Host, linkMail: w.sink.Addr(),
	} {
		if w.links[link], err = cut.New(target); err != nil {
			return err
		}
	}
	port, err := process.FreePort()
	if err != nil {
		return err
	}
	w.endpoint = fmt.Sprintf("127.0.0.1:%d", port)
	return w.apply(ctx)
}

func (w *world) apply(ctx context.Context) (err error) {
	mail, err := url.Parse("smtp://" + w.links[linkMail].Addr())
	if err != nil {
		return err
	}
	var mailPort int
	if _, err := fmt.Sscan(mail.Port(), &mailPort); err != nil {
		return err
	}
	w.setup = shop.Setup{
		Namespace: w.options.Namespace, ProviderURL: "http://" + w.links[linkProvider].Addr(), ProviderToken: "sim-token",
		CallbackURL: "http://" + w.endpoint, PollInterval: 2 * time.Second, SMTPHost: mail.Hostname(), SMTPPort: mailPort,
		RatePerMinute: 6000, MaxInFlight: 10000, MoreAccounts: []string{secondAccount},
	}
	w.secret, err = w.setup.Apply(ctx, w.client)
	return err
}

// close ends everything of the run.
func (w *world) close() error {
	var errs []error
	for _, k := range w.keepers {
		k.release()
	}
	if w.watch != nil {
		w.watch.stop()
	}
	for _, l := range w.links {
		errs = append(errs, l.Close())
	}
	if w.sim != nil {
		errs = append(errs, w.sim.Close())
	}
	if w.sink != nil {
		errs = append(errs, w.sink.Stop())
	}
	if w.dir != "" {
		errs = append(errs, os.RemoveAll(w.dir))
	}
	return errors.Join(errs...)
}
