package e2e

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"k8s.io/client-go/kubernetes"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestOneOrderCostsFourWrites asks the API server's own metrics what one
// undisturbed order costs from webhook to Ready: creation, intent, acceptance,
// placement. It has an API server of its own, so that nobody else is counted.
// Left out are the status of the account, which is polled whether there are
// orders or not, and leases.
func TestOneOrderCostsFourWrites(t *testing.T) {
	t.Parallel()
	cluster := ownCluster(t)
	w := newWorld(t, settings{kube: cluster})
	// The first order fills what every later one shares: the account's status.
	w.waitFor(w.send(shop.NewOrder("warm", item(zmasim.ProductOK))), "Ready", isReady)

	before := orderWrites(t, cluster)
	w.waitFor(w.send(shop.NewOrder("counted", item(zmasim.ProductOK))), "Ready", isReady)
	after := orderWrites(t, cluster)

	total, detail := 0, map[string]int{}
	for call, n := range after {
		if d := n - before[call]; d > 0 {
			total, detail[call] = total+d, d
		}
	}
	t.Logf("writes of one order: %v", detail)
	if total != 4 {
		t.Errorf("one order cost %d writes, want 4: %v", total, detail)
	}
	w.check(w.boughtOnce("counted"))
}

// orderWrites counts the writes that an order can cause: of orders, of events,
// and of everything else in our group but accounts.
func orderWrites(t *testing.T, cluster *kube.Cluster) map[string]int {
	t.Helper()
	raw, err := kubernetes.NewForConfigOrDie(cluster.Config()).RESTClient().Get().AbsPath("/metrics").DoRaw(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, m := range families["apiserver_request_total"].GetMetric() {
		label := map[string]string{}
		for _, l := range m.GetLabel() {
			label[l.GetName()] = l.GetValue()
		}
		if counts(label) {
			out[label["verb"]+" "+label["resource"]+"/"+label["subresource"]] += int(m.GetCounter().GetValue())
		}
	}
	if len(maps.Clone(out)) == 0 {
		t.Fatal("the API server's metrics name no write of orders; the count would prove nothing")
	}
	return out
}

func counts(label map[string]string) bool {
	switch label["verb"] {
	case "GET", "LIST", "WATCH", "CONNECT":
		return false
	}
	return label["resource"] == "events" || (label["group"] == "zma.dev" && label["resource"] != "zmaaccounts")
}
