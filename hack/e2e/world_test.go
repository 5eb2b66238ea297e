package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// patience is how long something may take on a loaded machine before a test
// gives up. Nothing is measured by it.
const patience = 2 * time.Minute

// world is one test's own shop, provider, mail server, database and operator.
type world struct {
	t         *testing.T
	namespace string
	kube      *kube.Cluster
	client    client.WithWatch
	database  string
	sim       *zmasim.Server
	sink      *smtpsink.Server
	trap      *proxy.Trap
	operator  *operator.Process
	sender    *shop.Sender
	log       string
	sent      atomic.Int64
	judged    atomic.Int64
}

// settings of a world.
type settings struct {
	binary      string        // the product itself when empty
	noCallbacks bool          // the provider does not call back
	poll        time.Duration // between reads of an open order; one second when zero
	sim         zmasim.Options
	kube        *kube.Cluster // the shared one when nil
	postgres    *postgres.Server
	policy      string        // that orders have to pass
	stripeURL   string        // of a Stripe of the test's own
	split       bool          // endpoint and controller are processes with rights of their own
	callTimeout time.Duration // the product's default when zero
	v2          bool          // the account uses version 2 of the provider's API
	args        []string      // more flags of the operator
}

func newWorld(t *testing.T, s settings) *world {
	t.Helper()
	w := &world{t: t, namespace: "e2e-" + strings.ToLower(rand.Text()[:10]), trap: &proxy.Trap{}, log: filepath.Join(t.TempDir(), "operator.log")}
	if s.kube == nil {
		s.kube = shared.kube
	}
	w.kube = s.kube
	c, err := shop.Client(s.kube.Config())
	w.must(err)
	w.client = c
	if s.postgres == nil {
		s.postgres = shared.postgres
	}
	w.database = s.postgres.NewDatabase(t)
	s.sim.V2 = s.sim.V2 || s.v2
	w.sim, err = zmasim.Start(context.Background(), s.sim)
	w.must(err)
	t.Cleanup(func() { w.check(w.sim.Close()) })
	w.sink, err = smtpsink.Start(smtpsink.Options{})
	w.must(err)
	t.Cleanup(func() { w.check(w.sink.Stop()) })
	if s.binary == "" {
		s.binary = shared.binary
	}
	w.must(operator.Migrate(t.Context(), s.binary, w.database))
	t.Cleanup(func() {
		if t.Failed() {
			w.dump()
		}
	})
	w.configure(s)
	return w
}

// configure puts a proxy in front of everything that the operator changes,
// applies the shop, and starts the operator.
func (w *world) configure(s settings) {
	w.t.Helper()
	transport, err := rest.TransportFor(s.kube.Config())
	w.must(err)
	api := w.http(s.kube.Config().Host, transport, proxy.OrderWrites)
	provider := w.http(w.providerURL(s), nil, proxy.PaidCalls)
	mail, err := proxy.NewSMTP(w.sink.Addr(), w.trap)
	w.must(err)
	w.t.Cleanup(func() { w.check(mail.Close()) })

	port, err := process.FreePort()
	w.must(err)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if s.poll == 0 {
		s.poll = time.Second
	}
	host, smtpPort := split(w.t, mail.Addr())
	setup := shop.Setup{
		Namespace: w.namespace, ProviderURL: provider.URL(), ProviderToken: "sim-token",
		Policy: s.policy, PollInterval: s.poll, SMTPHost: host, SMTPPort: smtpPort, RatePerMinute: 6000,
	}
	if s.stripeURL != "" {
		setup.StripeKey = stripeKey
	}
	if !s.noCallbacks {
		setup.CallbackURL = "http://" + address
	}
	secret, err := setup.Apply(w.t.Context(), w.client)
	w.must(err)
	if s.v2 {
		w.useV2("http://" + address)
	}
	w.judge()
	w.sender = &shop.Sender{URL: "http://" + address + setup.WebhookPath(), Secret: secret, HTTP: http.DefaultClient, Now: time.Now}
	o := operator.Options{
		Binary: s.binary, Command: "all", Kubeconfig: w.kubeconfig(api.URL()), DatabaseURL: w.throughProxy(w.database),
		WebhookAddr: address, Log: w.log, Args: []string{"--namespace=" + w.namespace, "--mail-lease=8s"},
	}
	o.Args = append(o.Args, s.args...)
	if s.callTimeout != 0 {
		o.Args = append(o.Args, "--call-timeout="+s.callTimeout.String())
	}
	if s.stripeURL != "" {
		o.Args = append(o.Args, "--stripe-url="+s.stripeURL)
	}
	if s.split {
		w.split(o)
		return
	}
	w.operator = w.start(o)
}

func (w *world) start(o operator.Options) *operator.Process {
	w.t.Helper()
	p, err := operator.Start(w.t.Context(), o)
	w.t.Cleanup(p.Kill)
	w.must(err)
	return p
}

func (w *world) http(target string, transport http.RoundTripper, classify proxy.Classifier) *proxy.HTTP {
	w.t.Helper()
	p, err := proxy.NewHTTP(target, transport, w.trap, classify)
	w.must(err)
	w.t.Cleanup(func() { w.check(p.Close()) })
	return p
}

// throughProxy changes a database URL to go through a proxy.
func (w *world) throughProxy(databaseURL string) string {
	w.t.Helper()
	u, err := url.Parse(databaseURL)
	w.must(err)
	p, err := proxy.NewPostgres(u.Host, w.trap)
	w.must(err)
	w.t.Cleanup(func() { w.check(p.Close()) })
	u.Host = p.Addr()
	return u.String()
}

func (w *world) kubeconfig(server string) string {
	w.t.Helper()
	k := clientcmdapi.NewConfig()
	k.Clusters["e2e"] = &clientcmdapi.Cluster{Server: server}
	k.AuthInfos["e2e"] = &clientcmdapi.AuthInfo{}
	k.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e", AuthInfo: "e2e"}
	k.CurrentContext = "e2e"
	path := filepath.Join(w.t.TempDir(), "kubeconfig")
	w.must(clientcmd.WriteToFile(*k, path))
	return path
}

// send delivers an order that is not in the cluster, and returns its name. Each has a
// message of its own: the same one in the same second would be an exact replay, which
// creates nothing.
func (w *world) send(o *shop.Order) string {
	w.t.Helper()
	answer, err := w.sender.Send(w.t.Context(), fmt.Sprintf("msg-%s-%d", o.ExternalID, w.sent.Add(1)), o.JSON())
	w.must(err)
	if answer.Status != http.StatusAccepted {
		w.t.Fatalf("webhook %s answered %d: %s", o.ExternalID, answer.Status, answer.Body)
	}
	return answer.Order()
}

// order reads an order past every cache.
func (w *world) order(name string) (*v1alpha1.ZMAOrder, error) {
	var o v1alpha1.ZMAOrder
	err := w.client.Get(context.Background(), types.NamespacedName{Namespace: w.namespace, Name: name}, &o)
	return &o, err
}

// waitFor waits until an order is as wanted, and returns it.
func (w *world) waitFor(name, what string, ok func(*v1alpha1.ZMAOrder) bool) *v1alpha1.ZMAOrder {
	w.t.Helper()
	o, err := w.await(name, what, ok)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) await(name, what string, ok func(*v1alpha1.ZMAOrder) bool) (o *v1alpha1.ZMAOrder, err error) {
	w.t.Helper()
	found := eventually(func() bool {
		o, err = w.order(name)
		return err == nil && ok(o)
	})
	if !found {
		return o, fmt.Errorf("order %s is not %s: %v; its conditions: %s", name, what, err, conditions(o))
	}
	return o, nil
}

func (w *world) waitForReason(name, reason string) *v1alpha1.ZMAOrder {
	w.t.Helper()
	return w.waitFor(name, reason, func(o *v1alpha1.ZMAOrder) bool { return readyReason(o) == reason })
}

func isReady(o *v1alpha1.ZMAOrder) bool {
	return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady)
}

func readyReason(o *v1alpha1.ZMAOrder) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

func conditions(o *v1alpha1.ZMAOrder) string {
	var out []string
	for _, c := range o.Status.Conditions {
		out = append(out, fmt.Sprintf("%s=%s %s (%s)", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(out, "; ")
}

// eventually asks until the answer is yes or patience ends.
func eventually(ok func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return ok()
}

// identity of an order as the provider sees it.
func (w *world) identity(externalID string) string {
	return w.namespace + "/" + shop.SourceName + "/" + externalID
}

// count runs a query that gives one number.
func (w *world) count(sql string, args ...any) (n int, err error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, w.database)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, sql, args...).Scan(&n)
	return n, err
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Error(err)
	}
}

// dump shows what happened to a failed test.
func (w *world) dump() {
	raw, err := os.ReadFile(w.log)
	if err == nil {
		const most = 12000
		w.t.Logf("the end of the operator's log:\n%s", raw[max(0, len(raw)-most):])
	}
	var orders v1alpha1.ZMAOrderList
	if err := w.client.List(context.Background(), &orders, client.InNamespace(w.namespace)); err == nil {
		for i := range orders.Items {
			w.t.Logf("order %s: %+v %s", orders.Items[i].Name, orders.Items[i].Status.Submission, conditions(&orders.Items[i]))
		}
	}
	for _, r := range w.sim.Record().Requests {
		w.t.Logf("provider: %s %s key=%s attempt=%d status=%d fault=%s", r.Method, r.Path, r.Key, r.Attempt, r.Status, r.Fault)
	}
}

// deleteNamespace begins the deletion of the world's namespace.
func (w *world) deleteNamespace() {
	w.t.Helper()
	w.must(w.client.Delete(w.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
}

func split(t *testing.T, address string) (string, int) {
	t.Helper()
	host, port, ok := strings.Cut(address, ":")
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil || !ok {
		t.Fatalf("address %s: %v", address, err)
	}
	return host, n
}

// item of the product that is bought without trouble.
func item(product string) shop.Item {
	return shop.Item{ProductID: product, Quantity: 1, UnitPriceCents: zmasim.PriceOf(product), Title: "Something good"}
}

// ownCluster starts an API server for one test alone.
func ownCluster(t *testing.T) *kube.Cluster {
	t.Helper()
	c, err := kube.Start(t.Context(), kube.Options{Progress: os.Stderr, CRDDirs: []string{stack.CRDs()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// ownPostgres starts a database server for one test alone.
func ownPostgres(t *testing.T) *postgres.Server {
	t.Helper()
	if os.Getenv("DATABASE_URL") != "" {
		t.Skip("DATABASE_URL names a server that is not ours to pause")
	}
	s, err := postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}
