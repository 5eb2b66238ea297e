package strangers

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestNoPathLeadsToAnotherSource asks for a source by paths that some servers
// clean, decode or fold: what is not written as it was handed out leads nowhere,
// neither to this source, nor to another one, nor to a redirect.
func TestNoPathLeadsToAnotherSource(t *testing.T) {
	x := theWorld(t).main
	p := x.world.party("bearer")
	ns := x.world.site.Namespace
	right := x.world.path(p.name)
	w := watch(t, x)
	together(map[string]bool{
		right:                                              true,
		"http://shop.example" + right:                      false,
		"http://other.example:1" + right:                   false,
		right + "?a=b":                                     true,
		right + "?/../other-bearer":                        true,
		"/webhooks/" + ns + "/%62earer":                    false,
		right + "/":                                        false,
		right + "//":                                       false,
		"/" + right:                                        false,
		"//shop.example" + right:                           false,
		"/webhooks//" + ns + "/bearer":                     false,
		"/webhooks/" + ns + "//bearer":                     false,
		"/webhooks/" + ns + "/./bearer":                    false,
		"/webhooks/./" + ns + "/bearer":                    false,
		"/webhooks/" + ns + "/x/../bearer":                 false,
		"/webhooks/" + ns + "/other-bearer/../bearer":      false,
		"/webhooks/x/../" + ns + "/bearer":                 false,
		"/../webhooks/" + ns + "/bearer":                   false,
		"/healthz/../webhooks/" + ns + "/bearer":           false,
		"/webhooks/" + ns + "/%2e/bearer":                  false,
		"/webhooks/" + ns + "/x/%2e%2e/bearer":             false,
		"/webhooks/" + ns + "/x%2f..%2fbearer":             false,
		"/webhooks/" + ns + "/x/%2e%2e%2fbearer":           false,
		"/webhooks/" + ns + "%2fbearer":                    false,
		"/webhooks%2f" + ns + "%2fbearer":                  false,
		"/webhooks%2f" + ns + "/bearer":                    false,
		"/webhooks/other%2f..%2f" + ns + "/bearer":         false,
		"/webhooks/" + ns + "/bearer%2f":                   false,
		"/webhooks/" + ns + "/%2fbearer":                   false,
		"/webhooks/" + ns + "/%252e%252e/bearer":           false,
		"/webhooks/" + ns + "/x/..;/bearer":                false,
		right + ";a=b":                                     false,
		right + ";":                                        false,
		right + "%3b":                                      false,
		"/webhooks;a=b/" + ns + "/bearer":                  false,
		right + "%3fa=b":                                   false,
		right + "#a":                                       false,
		right + "%23a":                                     false,
		right + "%00":                                      false,
		right + "%00.json":                                 false,
		"/webhooks/" + ns + "/bea%00rer":                   false,
		right + "%20":                                      false,
		right + "%0a":                                      false,
		right + "%0d%0aX-A:%20b":                           false,
		right + ".json":                                    false,
		right + ".":                                        false,
		right + "*":                                        false,
		"/webhooks/" + ns + "/*":                           false,
		"/Webhooks/" + ns + "/bearer":                      false,
		"/WEBHOOKS/" + ns + "/bearer":                      false,
		"/webhooks/" + strings.ToUpper(ns) + "/bearer":     false,
		"/webhooks/" + ns + "/BEARER":                      false,
		"/webhooks/" + ns + "/Bearer":                      false,
		"/webhooks/" + ns + "/x/%c0%ae%c0%ae/bearer":       false,
		"/webhooks/" + ns + "%c0%afbearer":                 false,
		"/webhooks/" + ns + "/x/%e0%80%ae%e0%80%ae/bearer": false,
		"/webhooks/" + ns + "/%ff":                         false,
		"/webhooks/" + ns + "/%ef%bd%82earer":              false, // a wide b
		"/webhooks/" + ns + `\bearer`:                      false,
		"/webhooks/" + ns + `/x\..\bearer`:                 false,
		"/webhooks/" + ns + "%5cbearer":                    false,
		"/webhooks/" + ns + "/%u0062earer":                 false,
		"/webhooks/" + ns + "/%6":                          false,
		"/webhooks/" + ns + "/%zz":                         false,
		"/webhooks/" + ns:                                  false,
		"/webhooks/" + ns + "/":                            false,
		"/webhooks/":                                       false,
		"/webhooks":                                        false,
		"/":                                                false,
		"*":                                                false,
		"webhooks/" + ns + "/bearer":                       false,
		"http://shop.example//webhooks/" + ns + "/bearer":  false,
		"http://user:pass@shop.example" + right + "/":      false,
		"ftp://shop.example/x":                             false,
		"file:///etc/passwd":                               false,
		"javascript:alert(1)":                              false,
		"/webhooks/" + ns + "/other-bearer":                false, // the token is not its
		"/webhooks/" + ns + "/mapped/../other-bearer":      false,
		"/webhooks/kube-system/bearer":                     false,
		"/webhooks/" + ns + "/" + strings.Repeat("a/", 4000) + "..": false,
		"/api/v1/namespaces/" + ns + "/secrets/bearer":              false,
		"/debug/pprof/": false,
		"/metrics":      false,
		"/.well-known/../webhooks/" + ns + "/bearer": false,
	}, func(target string, same bool) {
		short := target[:min(len(target), 80)]
		c := x.dial(t, "")
		h := p.sign(p.secret.signing, message{})
		h.Set("Connection", "close")
		c.write(raw(target, h, body(newID())))
		got, _ := c.answers(10 * time.Second)
		switch {
		case len(got) != 1:
			t.Errorf("%s: %v", short, got)
		case same && got[0].status == http.StatusAccepted:
			w.expect(got[0])
		case same || !one(got[0].status, 400, 401, 404, 501):
			t.Errorf("%s: %v", short, got[0])
		case got[0].header.Get("Location") != "":
			t.Errorf("%s: redirected", short)
		case got[0].status == 401 && !strings.HasSuffix(target, "other-bearer"):
			t.Errorf("%s: another source was asked", short)
		}
	})
}
