package v1alpha1_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestOrderNamesAreForEver pins the derivation: another name for the same order
// would be a second object, and a second purchase.
func TestOrderNamesAreForEver(t *testing.T) {
	if got, want := v1alpha1.OrderNameFor("web", "1001"), "zo-nln42qg3h5g2zslwly6tqgzbvv"; got != want {
		t.Errorf("name = %s, want %s", got, want)
	}
}

func TestOrderNamesTellOrdersApart(t *testing.T) {
	seen := map[string][2]string{}
	for _, id := range [][2]string{{"web", "1"}, {"web", "2"}, {"we", "b1"}, {"web1", ""}, {"", "web1"}, {"web", "1\x00"}, {"w", "eb1"}} {
		name := v1alpha1.OrderNameFor(id[0], id[1])
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q share the name %s", id, other, name)
		}
		seen[name] = id
	}
}

func TestIdentity(t *testing.T) {
	hand := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "by-hand"}}
	if got := v1alpha1.IdentityOf(hand).String(); got != "shop/manual/by-hand" || !v1alpha1.HasDerivedName(hand) {
		t.Errorf("an order made by hand is %s", got)
	}
	sent := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: v1alpha1.OrderNameFor("web", "1001"), UID: "x"}}
	sent.Spec.Source = &v1alpha1.OrderSource{Name: "web", ExternalID: "1001"}
	if got := v1alpha1.IdentityOf(sent).String(); got != "shop/web/1001" || !v1alpha1.HasDerivedName(sent) {
		t.Errorf("an order of a source is %s", got)
	}
	sent.Name = "zo-aaaaaaaaaaaaaaaaaaaaaaaaaa"
	if v1alpha1.HasDerivedName(sent) {
		t.Error("another name passes for the derived one")
	}
}

func FuzzOrderNameFor(f *testing.F) {
	f.Add("web", "1001")
	f.Fuzz(func(t *testing.T, source, id string) {
		if problems := validation.IsDNS1123Label(v1alpha1.OrderNameFor(source, id)); len(problems) > 0 {
			t.Error(problems)
		}
	})
}
