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

// TestOpaqueID tells IDs that say nothing of anybody from what else stands in their place.
func TestOpaqueID(t *testing.T) {
	for id, want := range map[string]bool{
		"msg_1": true, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W": true, "1c0fe2d4-93f7-4f6c-a0a8-6e0c8dc8e2a7": true,
		"01ARZ3NDEKTSV4RRFFQ69G5FAV": true, "evt.1733000000123": true, "42": true, "123456": true, "186300000000000000": true,
		"task-7": true, "asia-1": true, "skate_1": true, strings.Repeat("a", 128): true,
		"": false, strings.Repeat("a", 129): false, "a b": false, "a/b": false, "a\nb": false, "\u00e4": false, "\uff11": false,
		"ada@example.com": false, "+15125550100": false, "15125550100": false, "512-555-0100": false, "512.555_0100": false,
		"5550100": false, "00442079460958": false,
		"whsec_C2FVsBQIhrscChlQIMV": false, "WHSEC_C2FV": false, "whsk_abc": false, "sk_live_4eC39Hq": false, "sk-proj-1": false, "rk_live_1": false,
		"Bearer": false, "bearer-1": false, "basic.YTpi": false, "eyJhbGciOiJIUzI1NiJ9.e30.x1": false, "ghp_16C7e42F292c": false,
		"github_pat_11A": false, "glpat-1": false, "xoxb-1-2": false, "shpat_1": false, "AKIAIOSFODNN7EXAMPLE": false, "msg_whsec_C2FV": false,
	} {
		if got := OpaqueID(id); got != want {
			t.Errorf("%q is opaque: %v, want %v", id, got, want)
		}
	}
}
