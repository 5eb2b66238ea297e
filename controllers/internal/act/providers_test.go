package act

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

// providerOf builds a cache over one Secret, and an account that names it.
func providerOf(t *testing.T, url, version string) (*ClientCache, *v1alpha1.ZMAAccount) {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "token"},
		Data:       map[string][]byte{"token": []byte("sim-token")},
	}
	reader := secrets.NewReader(fake.NewClientBuilder().WithObjects(secret).Build(), time.Minute, time.Now)
	account := &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}}
	account.Spec.BaseURL, account.Spec.APIVersion = url, version
	account.Spec.SecretRef = v1alpha1.SecretKeyReference{Name: "token", Key: "token"}
	return NewClientCache(reader, zma.NewHTTPClient(), nil, time.Now), account
}

// TestAccountsOfEitherVersionReadTheirBalance, and a change of the version takes
// effect at once: a client of the old one would call what is not there.
func TestAccountsOfEitherVersionReadTheirBalance(t *testing.T) {
	sim, err := zmasim.Start(t.Context(), zmasim.Options{V2: true, BalanceCents: 4200})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	cache, account := providerOf(t, sim.URL(), "v1")
	for _, step := range []struct{ version, url string }{
		{"v1", sim.URL()}, {"v2", sim.V2URL()}, {"v1", sim.URL()},
	} {
		account.Spec.APIVersion, account.Spec.BaseURL = step.version, step.url
		made, err := cache.For(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := cache.For(t.Context(), account); err != nil || again != made {
			t.Errorf("%s: another client for the same account (%v)", step.version, err)
		}
		if b, err := made.Balance(t.Context()); err != nil || b.AvailableCents != 4200 {
			t.Errorf("%s: balance %+v, %v", step.version, b, err)
		}
	}
	account.Spec.APIVersion, account.Spec.BaseURL = "v2", sim.URL()
	made, err := cache.For(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Balance(t.Context()); err == nil {
		t.Error("the version changed, and its client did not")
	}
}

// TestTheDefaultURLIsTheVersions: the schema's default is version 1's host, which
// does not serve version 2.
func TestTheDefaultURLIsTheVersions(t *testing.T) {
	for name, c := range map[string]struct{ url, version, want string }{
		"version 1":                    {"https://api.zinc.io", "v1", "zma client of https://api.zinc.io/v1"},
		"version 2":                    {"https://api.zinc.io", "v2", "zma client of https://api.zinc.com"},
		"version 2 at a host of ours":  {"https://zma.example.com", "v2", "zma client of https://zma.example.com"},
		"version 2 at its own address": {"https://api.zinc.com", "v2", "zma client of https://api.zinc.com"},
	} {
		cache, account := providerOf(t, c.url, c.version)
		made, err := cache.For(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := made.(interface{ String() string }); !ok || got.String() != c.want {
			t.Errorf("%s: %v, want %s", name, made, c.want)
		}
	}
	cache, account := providerOf(t, "https://api.example.com", "v3")
	if made, err := cache.For(t.Context(), account); err == nil {
		t.Errorf("version 3 gave %v", made)
	}
}
