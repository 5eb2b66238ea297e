package telemetry

import (
	"net/netip"
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

func TestMaskAddrKeepsTheNetworkOnly(t *testing.T) {
	cases := map[string]string{
		"192.0.2.77":           "192.0.2.0/24",
		"::ffff:192.0.2.77":    "192.0.2.0/24",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1::/48",
		"fe80::1%eth0":         "fe80::/48",
	}
	for in, want := range cases {
		if got := MaskAddr(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if got := MaskAddr(netip.Addr{}); got != "" {
		t.Errorf("no address: %q", got)
	}
}

func TestMaskEmailHidesThePerson(t *testing.T) {
	cases := map[string]string{
		"jane@example.com": "j***@example.com",
		"élan@example.com": "é***@example.com",
		"a@b@c":            "a***@c",
		"@example.com":     "***",
		"jane":             "***",
		"":                 "***",
	}
	for in, want := range cases {
		if got := MaskEmail(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
