package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
)

// install applies config/default, unless a test before has done so, and waits
// until its policy is in force.
func install(t *testing.T) {
	t.Helper()
	err := api.Get(t.Context(), types.NamespacedName{Name: "zma-recover-stamp"}, &admissionv1.MutatingAdmissionPolicy{})
	if apierrors.IsNotFound(err) {
		apply(t, render(t, "default"))
	} else if err != nil {
		t.Fatal(err)
	}
	if err := kube.AwaitStamps(t.Context(), cluster.Config()); err != nil {
		t.Fatal(err)
	}
}

// shopNamespace makes a namespace for orders.
func shopNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if err := api.Create(t.Context(), ns); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// as is the API as a user sees it, who has the rights of the groups.
func as(t *testing.T, user string, groups ...string) client.Client {
	t.Helper()
	c, err := shop.Client(cluster.User(user, groups...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// masters is the group that may do everything.
const masters = "system:masters"

// sampleOrder is the order of config/samples, with annotations.
func sampleOrder(t *testing.T, namespace string, annotations map[string]string) *unstructured.Unstructured {
	t.Helper()
	raw, err := os.ReadFile("samples/order.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := objects(t, raw)[0]
	o.SetNamespace(namespace)
	o.SetName("")
	o.SetGenerateName("order-")
	o.SetAnnotations(annotations)
	return o
}

// write is a change of an order by a user, in one of the ways to write.
type write struct {
	user string
	how  types.PatchType
	body string
}

func merge(user, annotations string) write {
	return write{user, types.MergePatchType, `{"metadata":{"annotations":` + annotations + `}}`}
}

func jsonPatch(user, operations string) write {
	return write{user, types.JSONPatchType, operations}
}

func serverSide(user, annotations string) write {
	return write{user, types.ApplyPatchType, `{"apiVersion":"zma.dev/v1alpha1","kind":"ZMAOrder","metadata":{"annotations":` + annotations + `}}`}
}

func send(t *testing.T, w write, o *unstructured.Unstructured) {
	t.Helper()
	var options []client.PatchOption
	if w.how == types.ApplyPatchType {
		options = append(options, client.FieldOwner(w.user), client.ForceOwnership)
	}
	if err := as(t, w.user, masters).Patch(t.Context(), o, client.RawPatch(w.how, []byte(w.body)), options...); err != nil {
		t.Fatalf("%s: %v", w.body, err)
	}
}

type notes = map[string]string

// TestOnlyTheAPIServerSaysWhoAskedForRecovery makes an order as mia, lets others
// write to it, and reads what is stored.
func TestOnlyTheAPIServerSaysWhoAskedForRecovery(t *testing.T) {
	install(t)
	shopNamespace(t, "stamps", nil)
	const by, asks = "zma.dev/recover-by", "zma.dev/recover"
	byMia := notes{asks: "now", by: "mia"}
	cases := []struct {
		name, reason string
		made         notes
		writes       []write
		want         notes
	}{
		{"made without either", "an undisturbed order carries no stamp", notes{"a": "b"}, nil, notes{"a": "b"}},
		{"made with a request", "who creates has asked", notes{asks: "now"}, nil, byMia},
		{"made with a request and a stamp", "mia can't ask in the name of ada", notes{asks: "now", by: "ada"}, nil, byMia},
		{"made with a stamp", "there is nothing to stamp", notes{by: "ada", "a": "b"}, nil, notes{"a": "b"}},
		{"made with an empty request", "an empty value is a value", notes{asks: ""}, nil, notes{asks: "", by: "mia"}},

		{"asked later, no annotation before", "who writes it has asked", nil, []write{merge("ada", `{"zma.dev/recover":"retry"}`)}, notes{asks: "retry", by: "ada"}},
		{"asked for something else", "the second request is ada's", notes{asks: "now"}, []write{merge("ada", `{"zma.dev/recover":"retry"}`)}, notes{asks: "retry", by: "ada"}},
		{"asked again with a token", "a token makes a request new", notes{asks: "now"}, []write{merge("ada", `{"zma.dev/recover":"now@2"}`)}, notes{asks: "now@2", by: "ada"}},
		{"the same asked by another", "nothing was asked that had not been asked", notes{asks: "now"}, []write{merge("ada", `{"zma.dev/recover":"now"}`)}, byMia},
		{"asked with a forged stamp", "eve can't ask in the name of mia", nil, []write{merge("eve", `{"zma.dev/recover":"retry","zma.dev/recover-by":"mia"}`)}, notes{asks: "retry", by: "eve"}},
		{"changed under the old stamp", "eve can't use the stamp that mia has left", notes{asks: "now"}, []write{merge("eve", `{"zma.dev/recover":"abandon","zma.dev/recover-by":"mia"}`)}, notes{asks: "abandon", by: "eve"}},

		{"stamp overwritten", "the request is still mia's", notes{asks: "now"}, []write{merge("eve", `{"zma.dev/recover-by":"ada"}`)}, byMia},
		{"stamp taken off", "the request is still mia's", notes{asks: "now"}, []write{merge("eve", `{"zma.dev/recover-by":null}`)}, byMia},
		{"stamp overwritten by JSON patch", "every way to write is covered", notes{asks: "now"}, []write{jsonPatch("eve", `[{"op":"replace","path":"/metadata/annotations/zma.dev~1recover-by","value":"ada"}]`)}, byMia},
		{"stamp taken off by JSON patch", "every way to write is covered", notes{asks: "now"}, []write{jsonPatch("eve", `[{"op":"remove","path":"/metadata/annotations/zma.dev~1recover-by"}]`)}, byMia},
		{"asked by JSON patch with a forged stamp", "every way to write is covered", nil, []write{jsonPatch("eve", `[{"op":"add","path":"/metadata/annotations","value":{"zma.dev/recover":"retry","zma.dev/recover-by":"mia"}}]`)}, notes{asks: "retry", by: "eve"}},
		{"asked by server-side apply with a forged stamp", "every way to write is covered", nil, []write{serverSide("eve", `{"zma.dev/recover":"retry","zma.dev/recover-by":"mia"}`)}, notes{asks: "retry", by: "eve"}},
		{"stamp overwritten by server-side apply", "every way to write is covered", notes{asks: "now"}, []write{serverSide("eve", `{"zma.dev/recover-by":"ada"}`)}, byMia},
		{
			"owned stamp given up by server-side apply", "who owned the field by apply can't take it off either",
			nil,
			[]write{serverSide("eve", `{"zma.dev/recover":"retry","zma.dev/recover-by":"mia"}`), serverSide("eve", `{"zma.dev/recover":"retry"}`)},
			notes{asks: "retry", by: "eve"},
		},
		{
			"applied from Git again", "a value that is applied again is no new request, whoever applies it",
			nil,
			[]write{serverSide("git", `{"zma.dev/recover":"retry"}`), merge("ada", `{"a":"b"}`), serverSide("git", `{"zma.dev/recover":"retry"}`)},
			notes{asks: "retry", by: "git", "a": "b"},
		},

		{"request taken back", "a stamp can't stand alone", notes{asks: "now", "a": "b"}, []write{merge("ada", `{"zma.dev/recover":null}`)}, notes{"a": "b"}},
		{"request taken back, stamp forged", "a stamp can't stand alone", notes{asks: "now"}, []write{merge("eve", `{"zma.dev/recover":null,"zma.dev/recover-by":"ada"}`)}, nil},
		{"both taken back", "nothing is left to keep", notes{asks: "now"}, []write{merge("ada", `null`)}, nil},
		{"stamp without a request", "a stamp can't be laid ready", nil, []write{merge("eve", `{"zma.dev/recover-by":"ada","a":"b"}`)}, notes{"a": "b"}},
		{
			"taken back and asked again", "the second request is ada's",
			notes{asks: "now"},
			[]write{merge("mia", `{"zma.dev/recover":null}`), merge("ada", `{"zma.dev/recover":"now"}`)},
			notes{asks: "now", by: "ada"},
		},
		{"something else written", "the request is still mia's", notes{asks: "now"}, []write{merge("ada", `{"a":"b"}`)}, notes{asks: "now", by: "mia", "a": "b"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := sampleOrder(t, "stamps", c.made)
			if err := as(t, "mia", masters).Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			for _, w := range c.writes {
				send(t, w, o)
			}
			if diff := cmp.Diff(c.want, stored(t, o).GetAnnotations()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.reason, diff)
			}
		})
	}
}

// stored is the order as the API server keeps it.
func stored(t *testing.T, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	got := &unstructured.Unstructured{}
	got.SetGroupVersionKind(o.GroupVersionKind())
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(o), got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestStampsOfUpdatesAndOfAppliedCreation covers the ways to write that are no
// patch of an order that exists.
func TestStampsOfUpdatesAndOfAppliedCreation(t *testing.T) {
	install(t)
	shopNamespace(t, "stamps", nil)
	o := sampleOrder(t, "stamps", notes{"zma.dev/recover": "now", "zma.dev/recover-by": "mia"})
	o.SetName("applied")
	o.SetGenerateName("")
	if err := as(t, "git", masters).Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o.DeepCopy()), client.FieldOwner("git")); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, o).GetAnnotations()["zma.dev/recover-by"]; got != "git" {
		t.Errorf("an order made by server-side apply is stamped %q, want git", got)
	}

	changed := stored(t, o)
	changed.SetAnnotations(notes{"zma.dev/recover": "now"})
	if err := as(t, "eve", masters).Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, o).GetAnnotations()["zma.dev/recover-by"]; got != "git" {
		t.Errorf("an update without the stamp leaves %q, want git", got)
	}
	changed.SetAnnotations(notes{"zma.dev/recover": "retry", "zma.dev/recover-by": "git"})
	if err := as(t, "eve", masters).Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, o).GetAnnotations()["zma.dev/recover-by"]; got != "eve" {
		t.Errorf("an update with another request and the old stamp leaves %q, want eve", got)
	}
}

// TestLongUserNamesAreCut keeps a stamp as short as what the ledger takes.
func TestLongUserNamesAreCut(t *testing.T) {
	install(t)
	shopNamespace(t, "stamps", nil)
	for length, want := range map[int]int{255: 255, 256: 256, 257: 256, 3000: 256} {
		o := sampleOrder(t, "stamps", notes{"zma.dev/recover": "now"})
		if err := as(t, strings.Repeat("u", length), masters).Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if got := len(stored(t, o).GetAnnotations()["zma.dev/recover-by"]); got != want {
			t.Errorf("a name of %d characters becomes a stamp of %d, want %d", length, got, want)
		}
	}
}
