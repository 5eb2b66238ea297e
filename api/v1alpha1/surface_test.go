package v1alpha1_test

import (
	"os/exec"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), cluster.Kubectl(), append([]string{"--kubeconfig", cluster.KubeconfigPath(), "-n", namespace}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestDefaults(t *testing.T) {
	order := object(t, "ZMAOrder", map[string]any{"spec.retailer": nil, "spec.payment": nil, "spec.shipping": nil})
	try(t, order, "")
	source := object(t, "WebhookSource", nil)
	try(t, source, "")
	account := object(t, "ZMAAccount", nil)
	try(t, account, "")
	mails := object(t, "NotificationPolicy", nil)
	try(t, mails, "")
	policy := object(t, "OrderPolicy", nil)
	try(t, policy, "")
	for _, c := range []struct {
		in   *unstructured.Unstructured
		path string
		want any
	}{
		{order, "status.observedGeneration", int64(-1)}, {source, "status.observedGeneration", int64(-1)}, {account, "status.observedGeneration", int64(-1)},
		{mails, "status.observedGeneration", int64(-1)}, {policy, "status.observedGeneration", int64(-1)},
		{order, "spec.retailer", "amazon"}, {order, "spec.payment.provider", "none"}, {order, "spec.shipping.method", "cheapest"},
		{order, "spec.suspend", false}, {order, "spec.cancel", false},
		{account, "spec.baseURL", "https://api.zinc.io"}, {account, "spec.apiVersion", "v1"}, {account, "spec.suspend", false},
		{account, "spec.submission.ratePerMinute", int64(60)}, {account, "spec.submission.maxInFlight", int64(100)}, {account, "spec.submission.resolveWindow", "24h"},
		{account, "spec.submission.backoffBase", "5s"}, {account, "spec.submission.backoffMax", "15m"},
		{account, "spec.budget.timezone", "UTC"}, {account, "spec.budget.warnAtPercent", int64(80)},
		{account, "spec.maxPrice.percent", int64(20)}, {account, "spec.maxPrice.fixedCents", int64(1500)},
		{account, "spec.balance.lowCents", int64(100000)}, {account, "spec.balance.criticalCents", int64(50000)}, {account, "spec.balance.pollInterval", "1m"},
		{account, "spec.breaker.failures", int64(5)}, {account, "spec.breaker.openFor", "5s"}, {account, "spec.callback.tokenTTL", "2880h"},
		{account, "spec.polling.interval", "1m"}, {account, "spec.polling.maxInterval", "2h"},
		{source, "spec.auth.tolerance", "5m"}, {source, "spec.rateLimit.perMinute", int64(6000)}, {source, "spec.rateLimit.burst", int64(200)},
		{source, "spec.rateLimit.perClientPerMinute", int64(6000)}, {source, "spec.maxBodyBytes", int64(262144)}, {source, "spec.cors.maxAgeSeconds", int64(600)}, {source, "spec.suspend", false},
		{policy, "spec.enforcement", "Enforce"}, {policy, "spec.address.allowPOBoxes", true}, {policy, "spec.address.requirePhone", true},
		{policy, "spec.address.normalise", true}, {policy, "spec.duplicates.action", "Review"},
		{mails, "spec.smtp.port", int64(587)}, {mails, "spec.smtp.tls", "Opportunistic"}, {mails, "spec.suspend", false},
	} {
		got, found, err := unstructured.NestedFieldNoCopy(c.in.Object, strings.Split(c.path, ".")...)
		if err != nil || !found || got != c.want {
			t.Errorf("%s %s = %v (found %t, %v), want %v", c.in.GetKind(), c.path, got, found, err, c.want)
		}
	}
}

func TestStatusIsASubresource(t *testing.T) {
	for kind := range base {
		o := object(t, kind, map[string]any{"status.observedGeneration": int64(7)})
		try(t, o, "")
		if got, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration"); got != -1 {
			t.Errorf("%s: a creation sets the status to %d", kind, got)
		}
		before := o.GetGeneration()
		set(t, o.Object, "status.observedGeneration", int64(3))
		set(t, o.Object, "spec.suspend", true)
		judge(t, server.Status().Update(t.Context(), o), "")
		if suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend"); suspended || o.GetGeneration() != before {
			t.Errorf("%s: a status update changes the spec", kind)
		}
	}
}

func TestFieldsCanBeSelected(t *testing.T) {
	source := map[string]any{"name": "select", "externalID": "1"}
	try(t, object(t, "ZMAOrder", map[string]any{
		"spec.shard": "sel", "spec.accountRef.name": "sel", "spec.source": source, "metadata.name": v1alpha1.OrderNameFor("select", "1"),
	}), "")
	try(t, object(t, "ZMAOrder", nil), "")
	for _, selector := range []string{"spec.shard=sel", "spec.accountRef.name=sel", "spec.source.name=select"} {
		var list v1alpha1.ZMAOrderList
		if err := server.List(t.Context(), &list, client.InNamespace(namespace), client.MatchingFieldsSelector{Selector: fields.ParseSelectorOrDie(selector)}); err != nil || len(list.Items) != 1 {
			t.Errorf("%s selects %d orders (%v), want 1", selector, len(list.Items), err)
		}
	}
}

func TestShortNamesCategoryAndColumns(t *testing.T) {
	for kind, short := range map[string]string{"ZMAOrder": "zmao", "ZMAAccount": "zmaa", "OrderPolicy": "zmap", "WebhookSource": "zmaw", "NotificationPolicy": "zman"} {
		o := object(t, kind, nil)
		try(t, o, "")
		if out := kubectl(t, "get", short, o.GetName(), "-o", "name"); !strings.Contains(out, o.GetName()) {
			t.Errorf("kubectl get %s shows %s", short, out)
		}
		if out := kubectl(t, "get", "zma", "-o", "name"); !strings.Contains(out, o.GetName()) {
			t.Errorf("the category zma lacks %s", kind)
		}
		if out := kubectl(t, "get", "all", "-o", "name"); strings.Contains(out, o.GetName()) {
			t.Errorf("the category all has %s", kind)
		}
	}
	for args, want := range map[string]string{
		"zmaorders":         "NAME STATUS TOTAL ACCOUNT AGE READY",
		"zmaorders -o wide": "NAME STATUS TOTAL ACCOUNT AGE READY REQUEST-ID ATTEMPT NEXT-RETRY COST MESSAGE",
	} {
		header, _, _ := strings.Cut(kubectl(t, append([]string{"get"}, strings.Fields(args)...)...), "\n")
		if got := strings.Join(strings.Fields(header), " "); got != want {
			t.Errorf("kubectl get %s shows the columns %q, want %q", args, got, want)
		}
	}
}
