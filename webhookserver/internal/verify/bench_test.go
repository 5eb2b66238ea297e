package verify

import (
	"bytes"
	"strings"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// BenchmarkVerify checks a body of 64 KiB with five secrets, of which the last one
// matches. All are always tried, so a forged request costs the same.
func BenchmarkVerify(b *testing.B) {
	body := strings.Repeat("x", 64<<10)
	all := senders()
	for _, name := range []string{"standardWebhooks", "standardWebhooks asymmetric", "stripe", "hmac as GitHub", "hmac as Slack",
		"hmac of 512 bits and milliseconds", "bearer"} {
		s := all[name]
		signing, _ := s.key(0)
		benchmark(b, strings.ReplaceAll(name, " ", "_"), For(s.auth), Request{Header: s.sign(signing, begin(), body), Body: []byte(body),
			Now: begin(), Tolerance: testTolerance}, s.secrets(4, 3, 2, 1, 0))
	}
	key := func(n int) []byte { return []byte("zn_whsec_" + hexText(seed(n))) }
	five := V2Secrets(bytes.Join([][]byte{key(4), key(3), key(2), key(1), key(0)}, []byte("\n")))
	r := v2Request()
	r.Body = []byte(body)
	r.Header.Set(V2Signature, v2Sign(string(key(0)), body))
	benchmark(b, "v2", V2, r, five)
}

func benchmark(b *testing.B, name string, verify Func, r Request, secrets []Secret) {
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			if got, err := verify(r, secrets); err != nil || got.Index != 4 {
				b.Fatal(got, err)
			}
		}
	})
}

// BenchmarkRefuse is the most that a stranger can make one request cost: as many
// asymmetric signatures as are looked at, under as many keys as a source has.
func BenchmarkRefuse(b *testing.B) {
	s := senders()["standardWebhooks asymmetric"]
	r := s.request(1)
	r.Body = []byte(strings.Repeat("x", 64<<10))
	r.Header.Set("Webhook-Signature", strings.TrimSpace(strings.Repeat(asymmetricOther()+" ", maxAsymmetric)))
	verify := For(v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks})
	for b.Loop() {
		if _, err := verify(r, s.secrets(0, 1, 2, 3, 4)); err == nil {
			b.Fatal("verified")
		}
	}
}
