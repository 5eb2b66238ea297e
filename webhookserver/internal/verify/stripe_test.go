package verify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v85/webhook"
)

const stripeKey = "whsec_0123456789abcdefghijklmnopqrstuv"

// stripeSigned is signed by Stripe's own helper for tests.
func stripeSigned(secret, body string) Request {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: secret, Timestamp: begin()})
	return Request{Header: http.Header{"Stripe-Signature": {signed.Header}}, Body: []byte(body), Now: begin(), Tolerance: testTolerance}
}

func TestStripesOwnTestSignaturesVerify(t *testing.T) {
	for _, body := range []string{testBody, "", "[]", strings.Repeat("x", 1<<16), "\x00\xff"} {
		got, err := stripe(stripeSigned(stripeKey, body), secrets("whsec_another-secret-altogether", stripeKey+"\n"))
		if err != nil || got.Index != 1 || !got.SignedAt.Equal(begin()) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// We and Stripe's library agree on everything but what is stricter here.
func TestStripeHeaders(t *testing.T) {
	right := stripeSigned(stripeKey, testBody).Header.Get("Stripe-Signature")
	stamp, signature, _ := strings.Cut(right, ",")
	other := stripeSigned("whsec_another-secret-altogether", testBody).Header.Get("Stripe-Signature")
	_, otherSignature, _ := strings.Cut(other, ",")
	hex := strings.TrimPrefix(signature, "v1=")
	cases := map[string]struct {
		header string
		want   error
		lax    bool // Stripe's library takes it
	}{
		"as Stripe sends it":               {right + ",v0=" + hex, nil, true},
		"the signature first":              {signature + "," + stamp, nil, true},
		"the right one last of three":      {stamp + "," + otherSignature + "," + otherSignature + "," + signature, nil, true},
		"beside one that is no hex":        {stamp + ",v1=zz," + signature, nil, true},
		"beside one cut off":               {stamp + ",v1=" + hex[:62] + "," + signature, nil, true},
		"hex in capitals":                  {stamp + ",v1=" + strings.ToUpper(hex), nil, true},
		"versions to come":                 {right + ",v2=abc,x=", nil, true},
		"another secret's":                 {other, ErrMismatch, false},
		"the test version alone":           {stamp + ",v0=" + hex, ErrNoSignature, false},
		"version 2":                        {stamp + ",v2=" + hex, ErrNoSignature, false},
		"version 1 in capitals":            {stamp + ",V1=" + hex, ErrNoSignature, false},
		"no time":                          {signature, ErrNoSignature, false},
		"no signature":                     {stamp, ErrNoSignature, false},
		"an empty signature":               {stamp + ",v1=", ErrNoSignature, false},
		"a signature cut off":              {stamp + ",v1=" + hex[:63], ErrNoSignature, false},
		"a byte more":                      {stamp + ",v1=" + hex + "00", ErrNoSignature, false},
		"base64":                           {stamp + ",v1=" + base64Text([]byte(hex)), ErrNoSignature, false},
		"a comma at the end":               {right + ",", ErrNoSignature, false},
		"a word":                           {right + ",x", ErrNoSignature, false},
		"semicolons":                       {strings.ReplaceAll(right, ",", ";"), ErrNoSignature, false},
		"another time":                     {"t=" + fmt.Sprint(begin().Unix()+1) + "," + signature, ErrMismatch, false},
		"two times, the right one last":    {"t=1," + right, ErrNoSignature, true},
		"two times, the right one first":   {right + ",t=1", ErrNoSignature, false},
		"twice the same time":              {stamp + "," + right, ErrNoSignature, true},
		"the time with a sign":             {"t=+" + stamp[2:] + "," + signature, ErrNoSignature, true},
		"the time with a zero":             {"t=0" + stamp[2:] + "," + signature, ErrNoSignature, true},
		"a space after the comma":          {stamp + ", " + signature, ErrNoSignature, false},
		"a space at the end":               {right + " ", ErrNoSignature, false},
		"two headers that a proxy merged":  {right + ", " + right, ErrNoSignature, true},
		"a name with a space":              {right + ", x=1", ErrNoSignature, true},
		"two equals signs":                 {stamp + ",v1==" + hex, ErrNoSignature, false},
		"two equals signs beside it":       {right + ",==", ErrNoSignature, false},
		"a line break":                     {right + "\r\n", ErrNoSignature, false},
		"the header of another scheme":     {"sha256=" + hex, ErrNoSignature, false},
		"the secret itself":                {stripeKey, ErrNoSignature, false},
		"the time alone, signed as nobody": {stamp + ",v1=" + strings.Repeat("0", 64), ErrMismatch, false},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			r := stripeSigned(stripeKey, testBody)
			r.Header.Set("Stripe-Signature", tc.header)
			if _, err := stripe(r, secrets(stripeKey)); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			if err := webhook.ValidatePayloadIgnoringTolerance(r.Body, tc.header, stripeKey); (err == nil) != tc.lax {
				t.Errorf("Stripe's library: %v", err)
			}
		})
	}
}

// Stripe uses the secret as text. What Standard Webhooks would make of the same
// text is another key, and the two never verify each other's signatures.
func TestStripesSecretIsText(t *testing.T) {
	all := senders()
	for _, key := range []string{"whsec_" + base64Text(seed(0)), "whsec_" + strings.Repeat("ab12", 8)} {
		if err := CheckSecret(all["stripe"].auth, []byte(key)); err != nil {
			t.Fatal(err)
		}
		decoded, err := signingKey([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []string{string(decoded), strings.TrimPrefix(key, "whsec_"), ""} {
			refused(t, all["stripe"], stripeSigned(wrong, testBody), secrets(key), ErrMismatch)
		}
		if _, err := stripe(stripeSigned(key, testBody), secrets(key)); err != nil {
			t.Error(err)
		}
	}
}
