package webhookserver

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// TestOnARealAPIServer runs what only a real API server can show: its rules,
// its lock on names, and its absence.
func TestOnARealAPIServer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	cluster, err := kube.Start(t.Context(), kube.Options{CRDDirs: []string{filepath.Join("..", "config", "crd", "bases")}, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.NewWithWatch(cluster.Config(), client.Options{Scheme: testScheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
		webhookSource("web", nil), webhookSource("several", mapped), keySecret(),
	} {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	h := newHarnessOn(t, c, func(o *Options) { o.CreateTimeout = 20 * time.Second })

	t.Run("a delivery becomes an order, once", func(t *testing.T) { acceptsOnce(t, h) })
	t.Run("deliveries at the same time make one order", func(t *testing.T) { survivesARace(t, h) })
	t.Run("orders against the rules are refused by field", func(t *testing.T) { refusesByField(t, h) })
	t.Run("several orders are made together or not at all", func(t *testing.T) { severalOnTheAPIServer(t, h) })
	t.Run("nothing is acknowledged while the API server is away", func(t *testing.T) { outlivesAnOutage(t, h, cluster) })
}

func acceptsOnce(t *testing.T, h *harness) {
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != 202 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	// What is stored has the API server's defaults; a repetition has not.
	h.advance(time.Second)
	if r := h.deliver(webPath, nativeBody("A-1")); r.status != 200 {
		t.Errorf("repetition: %d %s", r.status, r.body)
	}
	wantProblem(t, h.deliver(webPath, strings.Replace(nativeBody("A-1"), "2599", "2600", 1)), 409, "payload-conflict")
	var order v1alpha1.ZMAOrder
	key := client.ObjectKey{Namespace: "shop", Name: v1alpha1.OrderNameFor("web", "A-1")}
	if err := h.client.Get(t.Context(), key, &order); err != nil {
		t.Fatal(err)
	}
	if order.Spec.Total.AmountCents != 2599 || !cmp.Equal(order.Finalizers, []string{v1alpha1.OrderFinalizer}) {
		t.Errorf("order %+v", order)
	}
}

func survivesARace(t *testing.T, h *harness) {
	const senders = 20
	statuses := make([]int, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() { statuses[i] = h.deliver(webPath, nativeBody("race")).status })
	}
	wg.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	if count[202] != 1 || count[200] != senders-1 {
		t.Errorf("answers by status: %v, want one 202 and %d times 200", count, senders-1)
	}
}

func refusesByField(t *testing.T, h *harness) {
	swap := func(old, new string) string { return strings.Replace(nativeBody("B-1"), old, new, 1) }
	cases := map[string]struct{ body, field, detail string }{
		"a quantity of nothing":        {swap(`"quantity":1`, `"quantity":0`), "items[0].quantity", "should be greater than or equal to 1"},
		"a country spelled out":        {swap(`"country":"US"`, `"country":"planted"`), "shippingAddress.country", "may not be more than 2 bytes"},
		"a product ID with a space":    {swap(`B000000001`, `planted: x`), "items[0].productID", "should match '^[A-Za-z0-9._-]+$'"},
		"a city beyond bounds":         {swap(`planted-city`, strings.Repeat("planted: ", 20)), "shippingAddress.city", "may not be more than 100 bytes"},
		"an external ID with a space":  {swap(`"B-1"`, `"planted id"`), "externalID", "should match '^[!-~]+$'"},
		"a payment without reference":  {swap(`"total":`, `"payment":{"provider":"stripe"},"total":`), "payment", "payment needs reference and amountCents, unless its provider is none, which takes no reference"},
		"a payment provider not known": {swap(`"total":`, `"payment":{"provider":"planted"},"total":`), "payment.provider", `must be one of "none", "stripe"`},
		"shipping both ways":           {swap(`"total":`, `"shipping":{"method":"free","orderBy":"price"},"total":`), "shipping", "shipping needs either method or orderBy"},
		"a gift's recipient, no gift":  {swap(`"total":`, `"recipientOfGift":true,"total":`), "", "recipientOfGift needs gift"},
		"a variant given twice":        {swap(`"quantity":1`, `"quantity":1,"variants":[{"dimension":"planted","value":"a"},{"dimension":"planted","value":"b"}]`), "items[0].variants[1]", "is given twice"},
		"an amount below zero":         {swap(`2599`, `-1`), "total.amountCents", "should be greater than or equal to 0"},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			r := h.deliver(webPath, tc.body)
			wantProblem(t, r, 400, "invalid-order")
			found := false
			for _, e := range r.json["errors"].([]any) {
				entry := e.(map[string]any)
				found = found || entry["field"] == tc.field && entry["detail"] == tc.detail
			}
			if !found {
				t.Errorf("%q: %q is missing in %s", tc.field, tc.detail, r.body)
			}
			if strings.Contains(r.body, "planted") || strings.Contains(h.logged(), "planted") {
				t.Errorf("a value of the order got out: %s", r.body)
			}
		})
	}
}

func outlivesAnOutage(t *testing.T, h *harness, cluster *kube.Cluster) {
	before := len(orders(t, h.client))
	// The cache and the Secrets' short memory go on while the API server is away;
	// here they read what they can't reach, so the fault is pinned to Create.
	cached := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	cached.server.o.Client, cached.server.o.Live = h.client, h.client
	if err := cluster.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, cached.deliver(webPath, nativeBody("C-1")), 503, "unavailable")
	wantProblem(t, h.deliver(webPath, nativeBody("C-1")), 503, "unavailable")
	if err := cluster.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(orders(t, h.client)); got != before {
		t.Errorf("%d orders, want %d", got, before)
	}
	if r := cached.deliver(webPath, nativeBody("C-1")); r.status != 202 {
		t.Errorf("sent again: %d %s", r.status, r.body)
	}
}
