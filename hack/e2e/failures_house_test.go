package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// house is an operator that serves many shops, each with a namespace and a
// provider of its own: what is done to one disturbs no other, and they start in
// the time of one.
type house struct {
	address   string // of the webhook endpoint
	database  string
	sink      *smtpsink.Server
	bank      *bank
	creations *proxy.Trap // in front of the API server
	books     *proxy.Trap // in front of Postgres
	operators []*operator.Process
	logs      []string
}

// room is what a shop in a house needs to be special.
type room struct {
	sim    zmasim.Options
	poll   time.Duration // between readings of an open order; one second when zero
	stripe bool          // the account can verify payments
}

// scene is a shop in which a fault is tried.
type scene struct {
	*world
	wire  *wire // to the provider; nil in a world of its own
	house *house
}

// openHouse starts as many operators as wanted, none of which knows of the others.
func openHouse(t *testing.T, namespaces []string, operators int) *house {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &house{database: shared.postgres.NewDatabase(t), creations: &proxy.Trap{}, books: &proxy.Trap{}, bank: newBank(t)}
	must(operator.Migrate(t.Context(), shared.binary, h.database))
	var err error
	h.sink, err = smtpsink.Start(smtpsink.Options{})
	must(err)
	t.Cleanup(func() { _ = h.sink.Stop() })
	transport, err := rest.TransportFor(shared.kube.Config())
	must(err)
	api, err := proxy.NewHTTP(shared.kube.Config().Host, transport, h.creations, creations)
	must(err)
	t.Cleanup(func() { _ = api.Close() })

	throughProxy := (&world{t: t, trap: h.books}).throughProxy(h.database)
	for i := range operators {
		port, err := process.FreePort()
		must(err)
		o := operator.Options{
			Binary: shared.binary, Command: "all", DatabaseURL: throughProxy, WebhookAddr: fmt.Sprintf("127.0.0.1:%d", port),
			Kubeconfig: (&world{t: t}).kubeconfig(api.URL()), Log: filepath.Join(t.TempDir(), fmt.Sprintf("operator-%d.log", i)),
			Args: []string{"--namespace=" + strings.Join(namespaces, ","), "--mail-lease=8s", "--stripe-url=" + h.bank.server.URL},
		}
		if i == 0 {
			h.address = o.WebhookAddr
		}
		p, err := operator.Start(t.Context(), o)
		t.Cleanup(p.Kill)
		must(err)
		h.operators, h.logs = append(h.operators, p), append(h.logs, o.Log)
	}
	return h
}

// creations names the effect of creating an order in a namespace.
func creations(w proxy.Write) string {
	namespace, isOrders := strings.CutSuffix(strings.TrimPrefix(w.Path, "/apis/zma.dev/v1alpha1/namespaces/"), "/zmaorders")
	if w.Method != http.MethodPost || !isOrders {
		return ""
	}
	return creationIn(namespace)
}

func creationIn(namespace string) string { return "a creation in " + namespace }

// newNamespace makes up a name for a fault's namespace.
func newNamespace(number int) string {
	return fmt.Sprintf("never-%02d-%s", number, strings.ToLower(rand.Text()[:8]))
}

// enter sets a shop up.
func (h *house) enter(t *testing.T, namespace string, r room) *scene {
	t.Helper()
	w := &world{t: t, namespace: namespace, kube: shared.kube, database: h.database, sink: h.sink, trap: &proxy.Trap{}, operator: h.operators[0], log: h.logs[0]}
	c, err := shop.Client(shared.kube.Config())
	w.must(err)
	w.client = c
	w.sim, err = zmasim.Start(context.Background(), r.sim)
	w.must(err)
	t.Cleanup(func() { w.check(w.sim.Close()) })
	t.Cleanup(func() {
		if t.Failed() {
			w.dump()
		}
	})
	s := &scene{world: w, house: h, wire: newWire(t, w.sim.URL())}
	s.furnish(r)
	w.judge()
	return s
}

func (s *scene) furnish(r room) {
	s.t.Helper()
	if r.poll == 0 {
		r.poll = time.Second
	}
	host, port := split(s.t, s.house.sink.Addr())
	setup := shop.Setup{
		Namespace: s.namespace, ProviderURL: s.wire.server.URL, ProviderToken: "sim-token", CallbackURL: "http://" + s.house.address,
		PollInterval: r.poll, SMTPHost: host, SMTPPort: port, RatePerMinute: 6000,
	}
	if r.stripe {
		setup.StripeKey = stripeKey
	}
	secret, err := setup.Apply(s.t.Context(), s.client)
	s.must(err)
	s.sender = &shop.Sender{URL: "http://" + s.house.address + setup.WebhookPath(), Secret: secret, HTTP: http.DefaultClient, Now: time.Now}
}

// in is a world as a subtest sees it.
func (w *world) in(t *testing.T) *world {
	return &world{
		t: t, namespace: w.namespace, kube: w.kube, client: w.client, database: w.database, sim: w.sim,
		sink: w.sink, trap: w.trap, operator: w.operator, sender: w.sender, log: w.log,
	}
}

// bank is a Stripe that counts what it is asked.
type bank struct {
	stripe
	server *httptest.Server

	count    sync.Mutex
	readings map[string]int // by path
	others   int            // anything that is no reading
}

func newBank(t *testing.T) *bank {
	b := &bank{stripe: stripe{intents: map[string]string{}}, readings: map[string]int{}}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.note(r)
		b.ServeHTTP(w, r)
	}))
	t.Cleanup(b.server.Close)
	return b
}

func (b *bank) note(r *http.Request) {
	b.count.Lock()
	defer b.count.Unlock()
	if r.Method != http.MethodGet {
		b.others++
		return
	}
	b.readings[r.URL.Path]++
}

func (b *bank) asked(intent string) (readings, others int) {
	b.count.Lock()
	defer b.count.Unlock()
	return b.readings["/v1/payment_intents/"+intent], b.others
}
