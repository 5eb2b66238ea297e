package drill

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// patience is how long something may take on a loaded machine before the drill
// gives up. Nothing is measured by it.
const patience = 3 * time.Minute

// sent is an order and the webhook that made it.
type sent struct {
	Order
	kind kind
	body []byte
	name string
	// there tells that the order has come to where the disaster is to find it.
	there bool
}

// site is a shop, its provider and its operator; kube is the cluster of the moment.
type site struct {
	t         *testing.T
	ground    *ground
	namespace string
	kinds     []kind
	sim       *zmasim.Server
	database  string
	kube      *kube.Cluster
	client    client.Client
	address   string // of the webhook endpoint
	setup     shop.Setup
	secret    string
	orders    []*sent

	controller, webhook *operator.Process
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// open sets the site up on a cluster and starts the operator.
func (s *site) open(c *kube.Cluster) {
	s.t.Helper()
	var err error
	s.sim, err = zmasim.Start(context.Background(), zmasim.Options{Processing: time.Second})
	s.must(err)
	s.t.Cleanup(func() { _ = s.sim.Close() })
	s.newDatabase()
	port, err := process.FreePort()
	s.must(err)
	s.address = fmt.Sprintf("127.0.0.1:%d", port)
	s.setup = shop.Setup{
		Namespace: s.namespace, ProviderURL: s.sim.URL(), ProviderToken: "sim-token", CallbackURL: "http://" + s.address,
		PollInterval: time.Second, RatePerMinute: 6000, MaxInFlight: 1000,
		MoreAccounts: []string{heldAccount, throttledAccount, doubtfulAccount, wireAccount},
	}
	s.enter(c)
	s.secret, err = s.setup.Apply(s.t.Context(), s.client)
	s.must(err)
	s.suspend(heldAccount)
	// What is in doubt stays so: the list does not show it.
	s.sim.AddFault(zmasim.Fault{Method: "GET", PathPrefix: "/v1/orders", Kind: zmasim.ListingLag, Delay: time.Hour})
	for _, k := range s.kinds {
		for i := range k.count {
			s.plan(k, fmt.Sprintf("%s-%d", k.name, i))
		}
	}
	s.start()
}

func (s *site) newDatabase() {
	s.t.Helper()
	s.database = s.ground.postgres.NewDatabase(s.t)
	s.must(operator.Migrate(s.t.Context(), s.ground.binary, s.database))
}

// enter makes a cluster the site's.
func (s *site) enter(c *kube.Cluster) {
	s.t.Helper()
	s.kube = c
	var err error
	s.client, err = shop.Client(c.Config())
	s.must(err)
}

// plan makes an order ready to be sent, and what it will meet.
func (s *site) plan(k kind, id string) {
	identity := s.namespace + "/" + k.source() + "/" + id
	for _, f := range k.faults {
		f.Identity = identity
		s.sim.AddFault(f)
	}
	item := shop.Item{ProductID: k.product, Quantity: 1, UnitPriceCents: zmasim.PriceOf(k.product), Title: "Something good"}
	s.orders = append(s.orders, &sent{
		Order: Order{ID: id, Identity: identity, Want: k.want}, kind: k, body: shop.NewOrder(id, item).JSON(),
	})
}

// source of a kind's webhooks: each account has one of its own.
func (k kind) source() string {
	if k.account == shop.AccountName {
		return shop.SourceName
	}
	return k.account
}

func (s *site) suspend(account string) { s.t.Helper(); s.setSuspend(account, true) }

func (s *site) release(account string) { s.t.Helper(); s.setSuspend(account, false) }

func (s *site) setSuspend(account string, suspend bool) {
	s.t.Helper()
	var a v1alpha1.ZMAAccount
	s.must(s.client.Get(s.t.Context(), types.NamespacedName{Namespace: s.namespace, Name: account}, &a))
	patch := client.MergeFrom(a.DeepCopy())
	a.Spec.Suspend = suspend
	s.must(s.client.Patch(s.t.Context(), &a, patch))
}

// start runs endpoint and controller against the cluster of the moment.
func (s *site) start() {
	s.t.Helper()
	run := func(command, address string) *operator.Process {
		p, err := operator.Start(s.t.Context(), operator.Options{
			Binary: s.ground.binary, Command: command, Kubeconfig: s.kube.KubeconfigPath(), DatabaseURL: s.database,
			WebhookAddr: address, Log: s.log(command),
			// A call that is under way is so until the operator is killed.
			Args: []string{"--namespace=" + s.namespace, "--call-timeout=10m", "--drain-timeout=11m"},
		})
		s.t.Cleanup(p.Kill)
		s.must(err)
		return p
	}
	s.controller, s.webhook = run("controller", "127.0.0.1:0"), run("webhook", s.address)
}

func (s *site) log(command string) string {
	return filepath.Join(s.ground.dir, s.namespace+"-"+command+".log")
}

// command runs the operator's binary as a person does, and gives what it printed.
func (s *site) command(args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.ground.binary, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.kube.KubeconfigPath(), "DATABASE_URL="+s.database)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("zma-operator %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// send delivers an order's webhook until it is answered as a sender wants it, and
// checks that each delivery gives the same name.
func (s *site) send(o *sent) error {
	sender := shop.Sender{URL: "http://" + s.address + s.setup.PathOf(o.kind.source()), Secret: s.secret, HTTP: http.DefaultClient, Now: time.Now}
	last := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		answer, err := sender.Send(context.Background(), "msg-"+o.ID, o.body)
		switch {
		case err != nil:
			last = err.Error()
		case answer.Status == http.StatusOK || answer.Status == http.StatusAccepted:
			if name := answer.Order(); name == "" || o.name != "" && name != o.name {
				return fmt.Errorf("%s is called %q now, before %q", o.ID, name, o.name)
			}
			o.name = answer.Order()
			return nil
		case answer.Status < 500 && answer.Status != http.StatusTooManyRequests:
			return fmt.Errorf("the webhook of %s is answered %d: %s", o.ID, answer.Status, answer.Body)
		default:
			last = string(answer.Body)
		}
	}
	return fmt.Errorf("the webhook of %s is not accepted: %s", o.ID, last)
}

// exported is the configuration as it is kept in Git, with the Secrets.
func (s *site) exported() []client.Object {
	s.t.Helper()
	var secrets corev1.SecretList
	var accounts v1alpha1.ZMAAccountList
	var sources v1alpha1.WebhookSourceList
	for _, list := range []client.ObjectList{&secrets, &accounts, &sources} {
		s.must(s.client.List(s.t.Context(), list, client.InNamespace(s.namespace)))
	}
	out := []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}}
	for i := range secrets.Items {
		out = append(out, &secrets.Items[i])
	}
	for i := range accounts.Items {
		accounts.Items[i].Spec.Suspend = false
		out = append(out, &accounts.Items[i])
	}
	for i := range sources.Items {
		out = append(out, &sources.Items[i])
	}
	return out
}

// configure applies what was exported to the cluster of the moment.
func (s *site) configure(objects []client.Object) {
	s.t.Helper()
	for _, o := range objects {
		o.SetResourceVersion("")
		o.SetUID("")
		o.SetFinalizers(nil)
		s.must(s.client.Create(s.t.Context(), o))
	}
}

// list gives the orders of the cluster by external ID.
func (s *site) list() (map[string]*v1alpha1.ZMAOrder, error) {
	var l v1alpha1.ZMAOrderList
	if err := s.client.List(context.Background(), &l, client.InNamespace(s.namespace)); err != nil {
		return nil, err
	}
	out := map[string]*v1alpha1.ZMAOrder{}
	for i := range l.Items {
		out[v1alpha1.IdentityOf(&l.Items[i]).ExternalID] = &l.Items[i]
	}
	return out, nil
}

// of gives the orders that are sent in a phase.
func (s *site) of(phase int) []*sent {
	return slices.DeleteFunc(slices.Clone(s.orders), func(o *sent) bool { return o.kind.phase != phase })
}

// eventually asks until nothing is wrong any more, or patience ends.
func eventually(wrong func() error) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		if wrong() == nil {
			return nil
		}
	}
	return wrong()
}
