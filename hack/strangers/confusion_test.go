package strangers

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"testing"
	"time"
)

// mac is an HMAC as text.
func mac(h func() hash.Hash, key, content []byte, encode func([]byte) string) string {
	m := hmac.New(h, key)
	m.Write(content)
	return encode(m.Sum(nil))
}

func std(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }

// TestAPublicKeyIsNoSecret signs with what everybody may know of a pair of keys,
// as if it were the key of an HMAC.
func TestAPublicKeyIsNoSecret(t *testing.T) {
	x := theWorld(t).main
	watch(t, x)
	p := x.world.party("pair")
	m := p.message(func(string) bool { return true })
	encoded := strings.TrimPrefix(p.secret.listed, "whpk_")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	for reason, key := range map[string][]byte{
		"its bytes":         raw,
		"its base64":        []byte(encoded),
		"its text":          []byte(p.secret.listed),
		"as a whsec_":       []byte("whsec_" + encoded),
		"nothing":           nil,
		"zeros":             make([]byte, 32),
		"the name":          []byte("secret"),
		"the source's name": []byte("pair"),
	} {
		for _, version := range []string{"v1,", "v1a,"} {
			for algorithm, h := range map[string]func() hash.Hash{"SHA-256": sha256.New, "SHA-512": sha512.New} {
				signature := version + mac(h, key, standardContent(*m), std)
				plant(signature)
				refused(t, fmt.Sprintf("%s, %s, %s", reason, version, algorithm), x.post(t, x.world.path(p.name), standardHeader(*m, signature), m.body))
			}
		}
	}
}

// TestAVersionVerifiesItsOwnSignaturesOnly puts right signatures under the names
// of other versions and algorithms.
func TestAVersionVerifiesItsOwnSignaturesOnly(t *testing.T) {
	x := theWorld(t).main
	for name, marks := range map[string][]string{
		"standard": {"v1a,", "v0,", "v2,", "V1,", "v1 ,", "v1,,", "v1", "", "v01,", "v1:", "v1=", "hs256,", "none,", ",", "v1;", "v1,v1,"},
		"pair":     {"v1,", "v0,", "v2,", "V1A,", "v1A,", "v1a,,", "v1a", "", "ed25519,", "none,", "v1a=", "v1b,"},
		"stripe":   {"v0=", "v2=", "V1=", "v1a=", "v1==", "v1", "=", "none=", "v1= ", "v1[]=", "v1 ="},
		"plain":    {"sha512=", "sha1=", "md5=", "SHA256=", "sha-256=", "sha256:", "sha256", "none=", "", "=", "sha256==", "sha256=sha256=", "hmac-sha256="},
		"timed":    {"sha512=", "v1,", "v1=", "none,", "=", "sha512 "},
		"bearer":   {"Basic ", "Digest ", "Token ", "ApiKey ", "BearerToken ", "Bearer=", "Bearer:", "Bearer", "", "Bearer\t", "Bearer,", "Bearer Bearer ", "HMAC "},
	} {
		t.Run(name, func(t *testing.T) {
			watch(t, x)
			p := x.world.party(name)
			for _, mark := range marks {
				m := p.message(func(string) bool { return true })
				h := p.sign(p.secret.signing, *m)
				before, text := p.parts(h)
				h.Set(p.header, strings.TrimSuffix(before, p.mark)+mark+text)
				plant(text)
				refused(t, fmt.Sprintf("%q", mark), x.post(t, x.world.path(name), h, m.body))
			}
		})
	}
}

// TestUnknownVersionsBesideARightSignatureAreSkipped is what both specifications
// ask for, so that new versions can be added.
func TestUnknownVersionsBesideARightSignatureAreSkipped(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	for name, format := range map[string]string{
		"standard": "v9,AAAA %s v1a,AAAA none,", "pair": "v1,AAAA v2,BBBB %s", "stripe": "%s,v0=0000,v9=none",
	} {
		p := x.world.party(name)
		m := p.message(func(string) bool { return true })
		h := p.sign(p.secret.signing, *m)
		h.Set(p.header, fmt.Sprintf(format, h.Get(p.header)))
		r := x.post(t, x.world.path(name), h, m.body)
		if r.status != http.StatusAccepted {
			t.Errorf("%s: %v", name, r)
		}
		w.expect(r)
	}
}

// TestNoHeaderChoosesTheAlgorithm sends forged signatures together with headers
// that name another algorithm, key or scheme: none of them is asked.
func TestNoHeaderChoosesTheAlgorithm(t *testing.T) {
	x := theWorld(t).main
	for _, p := range x.world.parties {
		t.Run(p.name, func(t *testing.T) {
			watch(t, x)
			for _, name := range []string{"X-Signature-Algorithm", "Signature-Algorithm", "X-Alg", "Alg", "X-Hub-Signature", "Webhook-Version",
				"X-Webhook-Key", "X-Forwarded-User", "X-Verified", "Signature", "Digest"} {
				for _, value := range []string{"none", "md5", "true", p.name} {
					m := p.message(func(string) bool { return true })
					h := p.sign(p.other.signing, *m)
					h.Set(name, value)
					refused(t, name+": "+value, x.post(t, x.world.path(p.name), h, m.body))
				}
			}
		})
	}
}

// TestNoOtherSchemeOpensASource signs rightly, with the source's own secret, but
// as the other schemes do.
func TestNoOtherSchemeOpensASource(t *testing.T) {
	x := theWorld(t).main
	for _, p := range x.world.parties {
		t.Run(p.name, func(t *testing.T) {
			watch(t, x)
			m := p.message(func(string) bool { return true })
			for reason, h := range p.otherSchemes(*m) {
				refused(t, reason, x.post(t, x.world.path(p.name), h, m.body))
			}
		})
	}
}

func (p *party) otherSchemes(m message) map[string]http.Header {
	key := p.secret.listed
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"web"}`)) + "."
	plant(unsigned)
	out := map[string]http.Header{
		"a token that says that it is unsigned": signBearer(unsigned, m),
		"the name and a password":               {"Authorization": {"Basic " + std([]byte(p.name+":"+key))}},
		"the secret in a query":                 {"X-Api-Key": {key}},
		"HMAC-SHA1":                             {"X-Hub-Signature-256": {"sha256=" + mac(sha1.New, []byte(key), m.body, hex.EncodeToString)}},
		"HMAC-MD5":                              {"X-Hub-Signature-256": {"sha256=" + mac(md5.New, []byte(key), m.body, hex.EncodeToString)}},
	}
	if p.name != "bearer" {
		out["as a token"] = signBearer(key, m)
	}
	if p.name != "stripe" {
		out["as Stripe"] = signStripe(key, m)
	}
	if p.name != "plain" {
		out["as an HMAC"] = signPlain(key, m)
	}
	if p.name != "timed" {
		out["as an HMAC with a time"] = signTimed(key, m)
	}
	// As Standard Webhooks: the secret as text and, where it can be, as base64.
	if p.name != "standard" {
		out["as Standard Webhooks, text"] = standardHeader(m, "v1,"+mac(sha256.New, []byte(key), standardContent(m), std))
		decoded, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_")) // what can be decoded
		out["as Standard Webhooks"] = standardHeader(m, "v1,"+mac(sha256.New, decoded, standardContent(m), std))
	}
	return out
}

// TestNamesOfHeadersBelongToOneFamily mixes the two families of names that
// Standard Webhooks may use.
func TestNamesOfHeadersBelongToOneFamily(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	p := x.world.party("standard")
	names := []string{"Id", "Timestamp", "Signature"}
	for mask := range 8 {
		m := newMessage(time.Now())
		h := p.sign(p.secret.signing, m)
		for i, name := range names {
			if mask&(1<<i) != 0 {
				h["Svix-"+name] = h["Webhook-"+name]
				delete(h, "Webhook-"+name)
			}
		}
		r := x.post(t, x.world.path(p.name), h, m.body)
		if mask != 0 && mask != 7 {
			refused(t, fmt.Sprintf("mixed %b", mask), r)
			continue
		}
		if r.status != http.StatusAccepted {
			t.Errorf("one family: %v", r)
		}
		w.expect(r)
	}
}
