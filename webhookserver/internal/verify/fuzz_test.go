package verify

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Each target knows the key, makes the one right signature by itself, and lets
// nothing verify that is not exactly that. Only one key is right, beside one that
// nothing is signed with.

func FuzzStandard(f *testing.F) {
	fuzzStandard(f, senders()["standardWebhooks"], signSymmetric)
}

func FuzzStandardAsymmetric(f *testing.F) {
	fuzzStandard(f, senders()["standardWebhooks asymmetric"], signAsymmetric)
}

func fuzzStandard(f *testing.F, s sender, sign func(signing, content string) string) {
	for n := range 2 {
		h := s.request(n).Header
		f.Add(h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), h.Get("Webhook-Signature"), testBody, false)
		f.Add(h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), "v1,x "+h.Get("Webhook-Signature")+" v1a,x", testBody, true)
	}
	for _, v := range vectors {
		f.Add(v.id, strconv.FormatInt(v.at, 10), v.signature, v.body, false)
	}
	signing, secret := s.key(0)
	_, other := s.key(2)
	f.Fuzz(func(t *testing.T, id, stamp, signature, body string, svix bool) {
		family := "webhook"
		if svix {
			family = "svix"
		}
		r := Request{Header: signed(family, id, stamp, signature), Body: []byte(body), Now: fuzzNow(stamp, time.Second), Tolerance: time.Minute}
		got, err := standardWebhooks(r, secrets(other, secret))
		if err != nil {
			return
		}
		right := sign(signing, id+"."+stamp+"."+body)
		if !slices.Contains(strings.Split(signature, " "), right) || got.Index != 1 || got.MessageID != id {
			t.Errorf("%+v verified without the signature %q", got, right)
		}
	})
}

// fuzzNow is the time of a message, so that the time is no obstacle.
func fuzzNow(stamp string, unit time.Duration) time.Time {
	n, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return begin()
	}
	if unit == time.Millisecond {
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}

func FuzzStripe(f *testing.F) {
	for _, key := range []string{stripeKey, "", "whsec_another-secret-altogether"} {
		right := stripeSigned(key, testBody).Header.Get("Stripe-Signature")
		stamp, signature, _ := strings.Cut(right, ",")
		for _, header := range []string{right, signature + "," + stamp, stamp + ",v1=zz,v0=1," + signature, "t=1," + right, strings.ToUpper(right), right + ",=="} {
			f.Add(header, testBody)
		}
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		_, after, _ := strings.Cut(header, "t=")
		stamp, _, _ := strings.Cut(after, ",")
		r := Request{Header: http.Header{"Stripe-Signature": {header}}, Body: []byte(body), Now: fuzzNow(stamp, time.Second), Tolerance: time.Minute}
		got, err := stripe(r, secrets("whsec_another-secret-of-nobody", stripeKey))
		if err != nil {
			return
		}
		right := "v1=" + hexText(webhook.ComputeSignature(got.SignedAt, r.Body, stripeKey))
		pairs := strings.Split(strings.ToLower(header), ",")
		if !slices.Contains(pairs, right) || !slices.Contains(pairs, "t="+strconv.FormatInt(got.SignedAt.Unix(), 10)) || got.Index != 1 {
			t.Errorf("%+v verified without %q", got, right)
		}
		if err := webhook.ValidatePayloadIgnoringTolerance(r.Body, header, stripeKey); err != nil {
			t.Errorf("Stripe's library does not agree: %v", err)
		}
	})
}

// FuzzHMAC makes up the format, too: none may verify what was not signed in it.
func FuzzHMAC(f *testing.F) {
	const stamp = "1614265330"
	key := hexText(seed(0))
	for _, format := range []v1alpha1.HMACScheme{
		{Header: "X-S", Prefix: "sha256="},
		{Header: "X-S", Encoding: "base64"},
		{Header: "X-S", Prefix: "v0=", TimestampHeader: "X-T", SignedContent: "v0:{timestamp}:{body}"},
		{Header: "X-S", Algorithm: "sha512", Encoding: "base64", TimestampHeader: "X-T", TimestampUnit: "ms"},
		{Header: "X-S", TimestampHeader: "X-T", SignedContent: "{timestamp}{body}"},
		{Header: "X-S", TimestampHeader: "X-T", SignedContent: "{body}"},
	} {
		content := strings.NewReplacer("{timestamp}", stamp, "{body}", testBody).Replace(contentOf(format))
		f.Add(format.Prefix, format.Algorithm, format.Encoding, format.TimestampHeader, format.TimestampUnit, format.SignedContent,
			format.Prefix+signHMAC(format, key, content), stamp, testBody)
	}
	f.Fuzz(func(t *testing.T, prefix, algorithm, encoding, timestampHeader, unit, content, signature, stamp, body string) {
		format := v1alpha1.HMACScheme{Header: "X-S", Prefix: prefix, Algorithm: algorithm, Encoding: encoding,
			TimestampHeader: timestampHeader, TimestampUnit: unit, SignedContent: content}
		h := http.Header{}
		h.Set(timestampHeader, stamp)
		h.Set("X-S", signature)
		per := time.Second
		if unit == "ms" {
			per = time.Millisecond
		}
		r := Request{Header: h, Body: []byte(body), Now: fuzzNow(stamp, per), Tolerance: time.Minute}
		got, err := For(authHMAC(format))(r, secrets(hexText(seed(1)), key))
		if err != nil {
			return
		}
		head, _ := strings.CutSuffix(contentOf(format), "{body}")
		right := signHMAC(format, key, strings.Replace(head, "{timestamp}", stamp, 1)+body)
		given := strings.TrimPrefix(signature, prefix)
		if encoding != "base64" {
			given = strings.ToLower(given)
		}
		if given != right || !strings.HasPrefix(signature, prefix) || got.Index != 1 || got.SignedAt.IsZero() != (timestampHeader == "") {
			t.Errorf("%+v verified, %q is right", got, right)
		}
	})
}

func contentOf(f v1alpha1.HMACScheme) string {
	switch {
	case f.SignedContent != "":
		return f.SignedContent
	case f.TimestampHeader != "":
		return "{timestamp}.{body}"
	}
	return "{body}"
}

func FuzzBearer(f *testing.F) {
	token := hexText(seed(0))
	for _, header := range []string{"Bearer " + token, "bEARER " + token, "Bearer  " + token, "Basic " + token, token, "Bearer ", ""} {
		f.Add(header, token)
	}
	f.Add("Bearer short", "short")
	f.Fuzz(func(t *testing.T, header, secret string) {
		got, err := bearer(Request{Header: http.Header{"Authorization": {header}}}, secrets(hexText(seed(1)), secret))
		if err != nil {
			return
		}
		right := "Bearer " + strings.TrimSpace(secret)
		if got.Index == 0 {
			right = "Bearer " + hexText(seed(1))
		}
		if len(header) != len(right) || !strings.EqualFold(header[:7], right[:7]) || header[7:] != right[7:] || len(right) < 7+minBearerBytes {
			t.Errorf("%q verified", header)
		}
	})
}

// FuzzV2: whatever verifies is hex of the one right signature.
func FuzzV2(f *testing.F) {
	for _, signature := range []string{v2Known, strings.ToUpper(v2Known), v2Known[:62], "", "sha256=" + v2Known, strings.Repeat("0", 64)} {
		f.Add(signature, v2Body, v2Secret)
	}
	f.Add(v2Sign(v2Other, v2Body), v2Body, v2Secret+"\n"+v2Other)
	f.Add(v2Sign("", v2Body), v2Body, "")
	f.Add(v2Sign("short", v2Body), v2Body, "short")
	f.Fuzz(func(t *testing.T, signature, body, secret string) {
		r := Request{Header: http.Header{V2Signature: {signature}}, Body: []byte(body)}
		secrets := V2Secrets([]byte(secret))
		got, err := V2(r, secrets)
		if err != nil {
			return
		}
		key := string(secrets[got.Index].Value)
		if len(key) < minV2SecretBytes || !strings.EqualFold(signature, v2Sign(key, body)) || got.Secret != secrets[got.Index].Name {
			t.Errorf("verified by %q", signature)
		}
	})
}
