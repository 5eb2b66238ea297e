package verify

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The vectors published with the specification and its libraries, and with Svix's
// server, which has the one for v1a (its private key begins whsk_6Xb/dCcH).
var vectors = []struct {
	secret, id, body, signature string
	at                          int64
}{
	{"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
		`{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 1614265330},
	{"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
		`{"email":"test@example.com","username":"test_user"}`, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=", 1649367553},
	{"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "msg_p5jXN8AQM9LWM0D4loKWxJek",
		`{"test": 2432232314}`, "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==", 1614265330},
}

func signed(prefix, id, stamp, signature string) http.Header {
	h := http.Header{}
	h.Set(prefix+"-id", id)
	h.Set(prefix+"-timestamp", stamp)
	h.Set(prefix+"-signature", signature)
	return h
}

func secrets(values ...string) []Secret {
	var out []Secret
	for i, v := range values {
		out = append(out, Secret{Index: i, Name: "shop/" + strconv.Itoa(i), Value: []byte(v)})
	}
	return out
}

// vector n as a request.
func vector(n int) Request {
	v := vectors[n]
	return Request{
		Header: signed("webhook", v.id, strconv.FormatInt(v.at, 10), v.signature),
		Body:   []byte(v.body), Now: time.Unix(v.at, 0), Tolerance: testTolerance,
	}
}

func TestPublishedVectorsVerify(t *testing.T) {
	for n, v := range vectors {
		for _, prefix := range []string{"webhook", "svix"} {
			r := vector(n)
			r.Header = signed(prefix, v.id, strconv.FormatInt(v.at, 10), v.signature)
			got, err := standardWebhooks(r, secrets(v.secret))
			if err != nil || got.MessageID != v.id || got.SignedAt.Unix() != v.at {
				t.Errorf("%s under %s-*: %+v, %v", v.id, prefix, got, err)
			}
		}
	}
}

func TestStandardWebhooksRefuses(t *testing.T) {
	header := func(name, value string) func(*Request) {
		return func(r *Request) { r.Header.Set(name, value) }
	}
	// of changes the right signature, with its version.
	of := func(change func(version, text string) string) func(*Request) {
		return func(r *Request) {
			version, text, _ := strings.Cut(r.Header.Get("webhook-signature"), ",")
			r.Header.Set("webhook-signature", change(version, text))
		}
	}
	cases := map[string]struct {
		change func(*Request)
		want   error
	}{
		"a version without a signature": {of(func(v, _ string) string { return v + "," }), ErrNoSignature},
		"a signature without a version": {of(func(_, s string) string { return s }), ErrNoSignature},
		"no version but a comma":        {of(func(_, s string) string { return "," + s }), ErrNoSignature},
		"another comma in between":      {of(func(v, s string) string { return v + ",," + s }), ErrNoSignature},
		"something behind it":           {of(func(v, s string) string { return v + "," + s + "," + s }), ErrNoSignature},
		"an equals sign":                {of(func(v, s string) string { return v + "=" + s }), ErrNoSignature},
		"a truncated signature":         {of(func(v, s string) string { return v + "," + s[:len(s)-5] }), ErrNoSignature},
		"without its padding":           {of(func(v, s string) string { return v + "," + strings.TrimRight(s, "=") }), ErrNoSignature},
		"more padding":                  {of(func(v, s string) string { return v + "," + s + "=" }), ErrNoSignature},
		"the alphabet of URLs":          {of(func(v, s string) string { return v + "," + strings.NewReplacer("+", "-", "/", "_").Replace(s) }), ErrNoSignature},
		"hex":                           {of(func(v, s string) string { return v + "," + recode(s, hexText) }), ErrNoSignature},
		"base64 of base64":              {of(func(v, s string) string { return v + "," + base64Text([]byte(s)) }), ErrNoSignature},
		"a line break inside":           {of(func(v, s string) string { return v + "," + s[:8] + "\r\n" + s[8:] }), ErrNoSignature},
		"a tab instead of the space":    {of(func(v, s string) string { return "v1,x\t" + v + "," + s }), ErrNoSignature},
		"another version":               {of(func(_, s string) string { return "v2," + s }), ErrNoSignature},
		"the version in capitals":       {of(func(v, s string) string { return strings.ToUpper(v) + "," + s }), ErrNoSignature},
		"the other kind's version":      {of(func(v, s string) string { return otherVersion(v) + "," + s }), ErrNoSignature},
		"two entries run together":      {of(func(v, s string) string { return v + "," + s + v + "," + s }), ErrNoSignature},
		"another message's":             {header("webhook-signature", "v1,"+base64Text(seed(9))), ErrMismatch},
		"another message's, asymmetric": {header("webhook-signature", "v1a,"+base64Text(append(seed(9), make([]byte, 32)...))), ErrMismatch},
		"another ID":                    {header("webhook-id", "msg_other"), ErrMismatch},
		"an ID that could hide a body":  {header("webhook-id", `msg.1.{"a":1`), ErrNoSignature},
		"an ID with a space":            {header("webhook-id", "msg one"), ErrNoSignature},
		"an ID beyond ASCII":            {header("webhook-id", "msg_é"), ErrNoSignature},
		"an ID too long to store":       {header("webhook-id", strings.Repeat("x", 257)), ErrNoSignature},
		"another timestamp":             {func(r *Request) { r.Header.Set("webhook-timestamp", strconv.FormatInt(r.Now.Unix()+1, 10)) }, ErrMismatch},
		"the dot moved into the ID": {func(r *Request) {
			stamp := r.Header.Get("webhook-timestamp")
			r.Header.Set("webhook-id", r.Header.Get("webhook-id")+"."+stamp[:1])
			r.Header.Set("webhook-timestamp", stamp[1:])
		}, ErrMismatch},
		"no headers": {func(r *Request) { r.Header = http.Header{} }, ErrNoSignature},
		"nil header": {func(r *Request) { r.Header = nil }, ErrNoSignature},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			for n, v := range vectors {
				r := vector(n)
				tc.change(&r)
				if strings.HasPrefix(reason, "the alphabet") && r.Header.Get("webhook-signature") == v.signature {
					continue // this one has neither of the characters
				}
				if got, err := standardWebhooks(r, secrets(v.secret)); !errors.Is(err, tc.want) || got != (Result{}) {
					t.Errorf("vector %d: %+v, %v", n, got, err)
				}
			}
		})
	}
}

func recode(text string, encode func([]byte) string) string {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return encode(raw)
}

func otherVersion(v string) string {
	if v == "v1" {
		return "v1a"
	}
	return "v1"
}

// The specification's own headers count when both are there, even one of them:
// else a captured message could be given another ID beside its own.
func TestTheHeadersOfOneFamilyCount(t *testing.T) {
	v := vectors[0]
	stamp := strconv.FormatInt(v.at, 10)
	right, wrong := signed("webhook", v.id, stamp, v.signature), signed("svix", "msg_other", stamp, vectors[1].signature)
	rightSvix, wrongSvix := signed("svix", v.id, stamp, v.signature), signed("webhook", "msg_other", stamp, vectors[1].signature)
	merge := func(parts ...http.Header) http.Header {
		out := http.Header{}
		for _, part := range parts {
			for name, values := range part {
				out[name] = append(out[name], values...)
			}
		}
		return out
	}
	cases := map[string]struct {
		header http.Header
		want   error
	}{
		"webhook-* right, svix-* wrong":        {merge(right, wrong), nil},
		"webhook-* right, svix-* right":        {merge(right, rightSvix), nil},
		"svix-* right, webhook-* wrong":        {merge(rightSvix, wrongSvix), ErrMismatch},
		"svix-* right and a webhook-id":        {merge(rightSvix, http.Header{"Webhook-Id": {"msg_other"}}), ErrNoSignature},
		"svix-* right and a webhook-timestamp": {merge(rightSvix, http.Header{"Webhook-Timestamp": {stamp}}), ErrNoSignature},
		"svix-* right and a webhook-signature": {merge(rightSvix, http.Header{"Webhook-Signature": {v.signature}}), ErrNoSignature},
		"svix-* right, an empty webhook-id":    {merge(rightSvix, http.Header{"Webhook-Id": {""}}), ErrNoSignature},
		"the ID of the other family": {merge(http.Header{"Svix-Id": {v.id}},
			http.Header{"Webhook-Timestamp": {stamp}, "Webhook-Signature": {v.signature}}), ErrNoSignature},
		"the signature of the other family": {merge(http.Header{"Svix-Signature": {v.signature}},
			http.Header{"Webhook-Id": {v.id}, "Webhook-Timestamp": {stamp}}), ErrNoSignature},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			r := vector(0)
			r.Header = tc.header
			if got, err := standardWebhooks(r, secrets(v.secret)); !errors.Is(err, tc.want) || err == nil && got.MessageID != v.id {
				t.Errorf("%+v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestStandardWebhooksAccepts(t *testing.T) {
	other := "v1," + base64Text(make([]byte, 32))
	cases := map[string]string{
		"the right signature last of three":     "v1a,xyz " + other + " " + vectors[0].signature,
		"the right signature first":             vectors[0].signature + " " + other,
		"signatures of versions to come":        "v9,abc " + vectors[0].signature + " v2=x",
		"spaces around it":                      "  " + vectors[0].signature + " ",
		"the same twice":                        vectors[0].signature + " " + vectors[0].signature,
		"both kinds while the sender moves on":  vectors[2].signature + " " + vectors[0].signature,
		"both kinds the other way":              vectors[0].signature + " " + vectors[2].signature,
		"as many asymmetric ones as are tried":  strings.Repeat(asymmetricOther()+" ", maxAsymmetric) + vectors[0].signature,
		"more symmetric ones than that, wrong ": strings.Repeat(other+" ", 40) + vectors[0].signature,
	}
	for reason, signature := range cases {
		t.Run(reason, func(t *testing.T) {
			r := vector(0)
			r.Header.Set("webhook-signature", signature)
			if _, err := standardWebhooks(r, secrets(vectors[0].secret)); err != nil {
				t.Error(err)
			}
		})
	}
}

func asymmetricOther() string {
	return "v1a," + base64Text(append(seed(9), make([]byte, 32)...))
}

// Each asymmetric signature is checked under each key before the sender is known:
// many of them must not keep us busy.
func TestTooManyAsymmetricSignaturesAreRefused(t *testing.T) {
	for n := range vectors {
		r := vector(n)
		r.Header.Set("webhook-signature", strings.Repeat(asymmetricOther()+" ", maxAsymmetric)+vectors[2].signature+" "+vectors[0].signature)
		if got, err := standardWebhooks(r, secrets(vectors[n].secret)); !errors.Is(err, ErrNoSignature) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// A sender may move from one kind of key to the other, and both are tried.
func TestKeysOfBothKindsVerifySideBySide(t *testing.T) {
	both := secrets(vectors[0].secret, vectors[2].secret)
	for n, index := range map[int]int{0: 0, 2: 1} {
		if got, err := standardWebhooks(vector(n), both); err != nil || got.Index != index {
			t.Errorf("vector %d: %+v, %v", n, got, err)
		}
	}
}

// A public key is known to others. Used as the key of an HMAC it would let them
// all sign.
func TestAPublicKeyIsNeverTheKeyOfAnHMAC(t *testing.T) {
	v := vectors[2]
	text := strings.TrimPrefix(v.secret, publicKeyPrefix)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	signature := strings.TrimPrefix(v.signature, "v1a,")
	for reason, key := range map[string][]byte{
		"its bytes": raw, "its text": []byte(text), "the whole secret": []byte(v.secret), "nothing": nil, "the prefix": []byte(publicKeyPrefix),
	} {
		wh, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			t.Fatal(err)
		}
		forged, err := wh.Sign(v.id, time.Unix(v.at, 0), []byte(v.body))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range []string{forged, "v1a" + forged[2:], forged + " v1a" + forged[2:], forged + " v1," + signature} {
			r := vector(2)
			r.Header.Set("webhook-signature", entry)
			if got, err := standardWebhooks(r, secrets(v.secret, vectors[0].secret)); !errors.Is(err, ErrUnauthenticated) {
				t.Errorf("an HMAC under %s verified: %+v, %v", reason, got, err)
			}
		}
	}
}

// The other way: a symmetric secret's bytes are a private key's seed to nobody.
func TestASymmetricSecretVerifiesNoAsymmetricSignature(t *testing.T) {
	private := ed25519.NewKeyFromSeed(seed(0))
	content := vectors[0].id + "." + strconv.FormatInt(vectors[0].at, 10) + "." + vectors[0].body
	r := vector(0)
	r.Header.Set("webhook-signature", signAsymmetric(string(private), content))
	public := []byte(private.Public().(ed25519.PublicKey))
	for _, secret := range []string{base64Text(seed(0)), "whsec_" + base64Text(seed(0)), base64Text(public), "whsec_" + base64Text(public)} {
		if got, err := standardWebhooks(r, secrets(secret)); !errors.Is(err, ErrMismatch) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// What verifies under a point of small order is signed by nobody in particular:
// this tries the signature that everybody can write down.
func TestKeysUnderWhichAnybodyCanSignAreRefused(t *testing.T) {
	forged := append([]byte{1}, make([]byte, 63)...) // the neutral point, and 0
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		for _, sign := range []byte{0, 0x80} {
			key, ok := fromHexText(y)
			if !ok {
				t.Fatal(y)
			}
			key[31] |= sign
			anybody := false
			for i := range 200 {
				anybody = anybody || ed25519.Verify(key, []byte{byte(i)}, forged)
			}
			_, err := standardKeyOf([]byte(publicKeyPrefix + base64Text(key)))
			if !errors.Is(err, ErrSecretUnusable) {
				t.Errorf("%s with sign %d is usable, and anybody can sign: %v", y, sign, anybody)
			}
			if !anybody {
				t.Errorf("%s with sign %d is refused for no reason", y, sign)
			}
		}
	}
}

func fromHexText(text string) ([]byte, bool) { return fromHex(text, len(text)/2) }
