package webhookserver

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestClientAddr(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	cases := map[string]struct {
		remote  string
		forward []string
		want    string
	}{
		"who connects":                         {"192.0.2.1:5", nil, "192.0.2.1"},
		"a stranger's header is worth nothing": {"192.0.2.1:5", []string{"198.51.100.7"}, "192.0.2.1"},
		"a proxy names the client":             {"10.0.0.1:5", []string{"198.51.100.7"}, "198.51.100.7"},
		"what the client wrote itself is left": {"10.0.0.1:5", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		"several proxies, several headers":     {"10.0.0.1:5", []string{"198.51.100.7", "10.0.0.2"}, "198.51.100.7"},
		"a header that is no address":          {"10.0.0.1:5", []string{"unknown"}, "10.0.0.1"},
		"a proxy without the header":           {"10.0.0.1:5", nil, "10.0.0.1"},
		"IPv4 inside IPv6 is IPv4":             {"[::ffff:192.0.2.1]:5", nil, "192.0.2.1"},
		"a zone does not make another client":  {"[fe80::1%eth0]:5", nil, "fe80::1"},
		"only proxies":                         {"10.0.0.1:5", []string{"10.0.0.3"}, "10.0.0.3"},
		"an address and a port":                {"10.0.0.1:5", []string{"198.51.100.7:51234"}, "198.51.100.7"},
		"IPv6 in brackets and a port":          {"10.0.0.1:5", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		"IPv6 in brackets":                     {"10.0.0.1:5", []string{"[2001:db8::7]"}, "2001:db8::7"},
		"quoted, as in Forwarded":              {"10.0.0.1:5", []string{`"[2001:db8::7]:4711"`}, "2001:db8::7"},
		"quoted IPv4":                          {"10.0.0.1:5", []string{`"198.51.100.7:80"`}, "198.51.100.7"},
		"proxies with ports":                   {"10.0.0.1:5", []string{"203.0.113.9:1, 198.51.100.7:2, 10.0.0.2:3"}, "198.51.100.7"},
		"IPv4 inside IPv6 and a port":          {"10.0.0.1:5", []string{"[::ffff:198.51.100.7]:1"}, "198.51.100.7"},
		"no port behind the colon":             {"10.0.0.1:5", []string{"198.51.100.7:"}, "10.0.0.1"},
		"a port that is none":                  {"10.0.0.1:5", []string{"198.51.100.7:http"}, "10.0.0.1"},
		"a port beyond all":                    {"10.0.0.1:5", []string{"198.51.100.7:65536"}, "10.0.0.1"},
		"IPv4 in brackets":                     {"10.0.0.1:5", []string{"[198.51.100.7]:1"}, "10.0.0.1"},
		"an open bracket":                      {"10.0.0.1:5", []string{"[2001:db8::7"}, "10.0.0.1"},
		"an open quote":                        {"10.0.0.1:5", []string{`"198.51.100.7`}, "10.0.0.1"},
		"a quote alone":                        {"10.0.0.1:5", []string{`"`}, "10.0.0.1"},
		"a name that is hidden":                {"10.0.0.1:5", []string{"_hidden, unknown"}, "10.0.0.1"},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = tc.remote, tc.forward
			if got := clientAddr(r, proxies).String(); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func TestAnIPv6NetworkIsOneClient(t *testing.T) {
	key := func(a string) string { return clientKey(netip.MustParseAddr(a)) }
	if key("2001:db8::1") != key("2001:db8::2") {
		t.Error("two addresses of one /64 are two clients")
	}
	if key("2001:db8::1") == key("2001:db8:0:1::1") {
		t.Error("two networks are one client")
	}
}

func TestRequestIDsAreHarmless(t *testing.T) {
	for _, good := range []string{"1", "A-1_b.c", strings.Repeat("x1", 32)} {
		if got := requestID(good); got != good {
			t.Errorf("%q became %q", good, got)
		}
	}
	seen := map[string]bool{}
	for _, bad := range []string{"", "a", "a b", "a\n", "é", "a/b", strings.Repeat("x1", 33)} {
		got := requestID(bad)
		if got == bad || requestID(got) != got || seen[got] {
			t.Errorf("%q became %q", bad, got)
		}
		seen[got] = true
	}
}
