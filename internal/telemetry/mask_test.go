package telemetry

import (
	"strings"
	"testing"
)

func TestMaskerTiesTogetherWithoutTelling(t *testing.T) {
	m := NewMasker([]byte("key"))
	if first, again := m.Hash("192.0.2.1"), m.Hash("192.0.2.1"); first != again {
		t.Error("one client has two hashes")
	}
	if m.Hash("192.0.2.1") == m.Hash("192.0.2.2") {
		t.Error("two clients have one hash")
	}
	if m.Hash("192.0.2.1") == NewMasker([]byte("other")).Hash("192.0.2.1") {
		t.Error("the hash does not depend on the key")
	}
	if got := m.Hash("192.0.2.1"); strings.Contains(got, "192") && len(got) != 16 {
		t.Errorf("hash %q", got)
	}
	if m.Hash("") != "" {
		t.Error("an absent value has a hash")
	}
}
