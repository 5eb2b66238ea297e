package machine

import (
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestIdempotencyKeyIsForEver pins the derivation: another key for the same
// attempt would buy again every order that was open during an upgrade.
func TestIdempotencyKeyIsForEver(t *testing.T) {
	id := v1alpha1.Identity{Namespace: "shop", Source: "web", ExternalID: "1001"}
	got, err := IdempotencyKey(installation, "acct-1", id, 1)
	if err != nil {
		t.Fatal(err)
	}
	const want = "71399250-635b-57b6-9eee-5e342997876c"
	if got != want {
		t.Errorf("key = %s, want %s", got, want)
	}
}

func TestIdempotencyKeyTellsEverythingApart(t *testing.T) {
	type args struct {
		installation, account string
		id                    v1alpha1.Identity
		attempt               int64
	}
	id := func(ns, source, external string) v1alpha1.Identity {
		return v1alpha1.Identity{Namespace: ns, Source: source, ExternalID: external}
	}
	seen := map[string]args{}
	for _, a := range []args{
		{installation, "acct-1", id("shop", "web", "1001"), 1},
		{installation, "acct-1", id("shop", "web", "1001"), 2},
		{installation, "acct-1", id("shop", "web", "1001"), 11},
		{installation, "acct-1", id("shop", "web", "10011"), 1},
		{installation, "acct-1", id("shop", "we", "b1001"), 1},
		{installation, "acct-1", id("shopw", "eb", "1001"), 1},
		{installation, "acct-1s", id("hop", "web", "1001"), 1},
		{installation, "acct-2", id("shop", "web", "1001"), 1},
		{"6f0d4a58-0b2e-4f57-9a55-0d8d6cc6a002", "acct-1", id("shop", "web", "1001"), 1},
	} {
		key, err := IdempotencyKey(a.installation, a.account, a.id, a.attempt)
		if err != nil {
			t.Fatal(err)
		}
		if len(key) != 36 {
			t.Errorf("key %q has %d characters, the provider takes 36", key, len(key))
		}
		if other, ok := seen[key]; ok {
			t.Errorf("%+v and %+v share the key %s", a, other, key)
		}
		seen[key] = a
	}
}

func TestIdempotencyKeyRefusesAnInstallationThatIsNoUUID(t *testing.T) {
	if _, err := IdempotencyKey("prod", "acct-1", v1alpha1.Identity{}, 1); err == nil {
		t.Error("want an error")
	}
}
