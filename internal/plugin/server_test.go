package plugin

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kyaml "sigs.k8s.io/yaml"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// stored makes a namespace with the sample source called name.
func stored(t *testing.T, namespace, name string) *v1alpha1.WebhookSource {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if err := api.Create(t.Context(), ns); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	found, err := sourcesIn([]byte(read(t, "config", "samples", samples[name])))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d sources, %v", len(found), err)
	}
	src := found[0]
	src.Namespace = namespace
	if err := api.Create(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	return src
}

// buy stores the orders that the plugin has printed.
func buy(t *testing.T, printed string) {
	t.Helper()
	for document := range strings.SplitSeq(printed, "---\n") {
		var order v1alpha1.ZMAOrder
		if err := kyaml.UnmarshalStrict([]byte(document), &order); err != nil {
			t.Fatal(err)
		}
		if err := api.Create(t.Context(), &order); err != nil {
			t.Fatal(err)
		}
	}
}

func orders(t *testing.T, namespace string) int {
	t.Helper()
	var list v1alpha1.ZMAOrderList
	if err := api.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, o := range list.Items {
		if o.Namespace == namespace {
			count++
		}
	}
	return count
}

// TestServerSaysWhatTheEndpointWouldAnswer tries bodies beside orders that are
// there.
func TestServerSaysWhatTheEndpointWouldAnswer(t *testing.T) {
	stored(t, "answers", "shop")
	body := func(path string, value any) string { return changed(t, "shop", path, value) }
	same := body("event", "order.paid")
	try := func(t *testing.T, in string, more ...string) said {
		t.Helper()
		return ask(t, in, append([]string{"source", "test", "shop", "-", "-n", "answers", "--server"}, more...)...)
	}
	first := try(t, same)
	if first.err != nil || orders(t, "answers") != 0 {
		t.Fatalf("%v, and %d orders are stored", first.err, orders(t, "answers"))
	}
	buy(t, first.out)
	for reason, tc := range map[string]struct{ body, notes, err string }{
		"the same again":     {same, "the endpoint would answer 200", ""},
		"one more recipient": {body("order.parcels.0.id", "c"), "the endpoint would answer 202", ""},
		"another address":    {body("order.parcels.1.recipient.city", "Dallas"), "this externalID was used for another payload\nthe endpoint would answer 409", "would refuse"},
		"a wrong country":    {body("order.parcels.0.recipient.country", "USA"), "\n  spec.shippingAddress.country: ", "would refuse"},
	} {
		t.Run(reason, func(t *testing.T) {
			got := try(t, tc.body)
			if !holds(got.err, tc.err) || !strings.Contains(got.notes, tc.notes) {
				t.Errorf("%v, want %q\n%s, want %q", got.err, tc.err, got.notes, tc.notes)
			}
			if n := orders(t, "answers"); n != 2 {
				t.Errorf("%d orders are stored, want the 2 of before", n)
			}
		})
	}
}

// TestAPaymentThatIsMissingIsRefusedByTheServer shows what the mapping alone can't
// know.
func TestAPaymentThatIsMissingIsRefusedByTheServer(t *testing.T) {
	got := trySample(t, "stripe", changed(t, "stripe", "data.object.payment_intent", nil), "--server")
	if got.err == nil || !strings.Contains(got.notes, "payment needs reference") {
		t.Errorf("%v\n%s", got.err, got.notes)
	}
}

// TestFewRightsAreEnough calls as a user who may read sources, and create and get
// orders: reading a Secret, or anything else, would be refused.
func TestFewRightsAreEnough(t *testing.T) {
	stored(t, "rights", "web")
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "rights", Name: "tries"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"zma.dev"}, Resources: []string{"webhooksources"}, Verbs: []string{"get"}},
		{APIGroups: []string{"zma.dev"}, Resources: []string{"zmaorders"}, Verbs: []string{"create", "get"}},
	}}
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "rights", Name: "tries"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "tries"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "tester"}}}
	if err := api.Create(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	if err := api.Create(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
	body := filepath.Join(root, "config", "samples", "bodies", "web.json")
	got := ask(t, "", "source", "test", "web", body, "-n", "rights", "--server", "--as", "tester")
	if got.err != nil {
		t.Errorf("%v\n%s", got.err, got.notes)
	}
	if got := ask(t, "", "source", "test", "web", body, "-n", "rights", "--as", "stranger"); !holds(got.err, "forbidden") {
		t.Errorf("a stranger is told %v", got.err)
	}
}

// TestNotesSayWhatKeepsTheEndpointFromServing reads sources that are not served.
func TestNotesSayWhatKeepsTheEndpointFromServing(t *testing.T) {
	src := stored(t, "notes", "web")
	body := filepath.Join(root, "config", "samples", "bodies", "web.json")
	try := func() said { return ask(t, "", "source", "test", "web", body, "-n", "notes") }
	if got := try(); got.err != nil || got.notes != "" {
		t.Fatalf("%v, %q", got.err, got.notes)
	}
	meta.SetStatusCondition(&src.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse,
		Reason: v1alpha1.ReasonSecretNotFound, Message: "The Secret is not there.", ObservedGeneration: src.Generation})
	if err := api.Status().Update(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	if got := try(); got.err != nil || got.notes != "note: the source is not ready: SecretNotFound: The Secret is not there.\n" {
		t.Errorf("%v, %q", got.err, got.notes)
	}
	src.Spec.Suspend = true
	if err := api.Update(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	if got := try(); got.err != nil || !strings.Contains(got.notes, "suspended") {
		t.Errorf("%v, %q", got.err, got.notes)
	}
	if got := ask(t, "", "source", "test", "absent", body, "-n", "notes"); !holds(got.err, "there is no WebhookSource absent in namespace notes") {
		t.Errorf("an absent source: %v", got.err)
	}
}
