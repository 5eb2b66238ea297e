package webhookserver

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr is the address of who sent the request: the peer, or behind a
// trusted proxy the last address in X-Forwarded-For that is no trusted proxy.
// What stands further left was written by the client and means nothing.
func clientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer := netip.Addr{}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		peer = ap.Addr().Unmap().WithZone("")
	}
	if !isTrusted(peer, trusted) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, ok := hopAddr(strings.TrimSpace(hop))
		if !ok {
			return peer
		}
		if peer = addr.Unmap().WithZone(""); !isTrusted(peer, trusted) {
			return peer
		}
	}
	return peer
}

// hopAddr reads an address as proxies write it: bare, with a port, which some load
// balancers add, IPv6 in brackets, and in quotes as in Forwarded (RFC 7239,
// section 6).
func hopAddr(hop string) (netip.Addr, bool) {
	if n := len(hop); n >= 2 && hop[0] == '"' && hop[n-1] == '"' {
		hop = hop[1 : n-1]
	}
	if addr, err := netip.ParseAddr(hop); err == nil {
		return addr, true
	}
	if inner, ok := strings.CutPrefix(hop, "["); ok && strings.HasSuffix(inner, "]") {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return addr, err == nil && addr.Is6()
	}
	withPort, err := netip.ParseAddrPort(hop)
	return withPort.Addr(), err == nil
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// clientKey is what a client is limited by. A holder of one IPv6 network has
// more addresses than could be counted, so the network counts.
func clientKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
