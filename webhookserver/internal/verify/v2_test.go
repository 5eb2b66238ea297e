package verify

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	v2Secret = "zn_whsec_0123456789abcdef0123456789abcdef"
	v2Other  = "zn_whsec_fedcba9876543210fedcba9876543210"
	v2Body   = `{"event":"order.placed","order_id":"5f0c3a52-6c1d-4b1e-9a55-0d8d6cc6a001","status":"order_placed"}`
	// v2Known is the signature as OpenSSL computes it:
	//   printf %s "$body" | openssl dgst -sha256 -hmac "$secret"
	v2Known = "5d800e9edab9bf10a84d5d72c77117f5d6842192ab55f431c3f98442fc000122"
)

func v2Sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// v2Request is the right callback.
func v2Request() Request {
	h := http.Header{}
	h.Set(V2Signature, v2Known)
	return Request{Header: h, Body: []byte(v2Body)}
}

func TestV2AcceptsWhatTheProviderSigned(t *testing.T) {
	cases := map[string]struct {
		secret string
		change func(*Request)
		index  int
	}{
		"the signature that OpenSSL makes":  {secret: v2Secret},
		"a secret with a line break":        {secret: v2Secret + "\n"},
		"a secret saved on Windows":         {secret: v2Secret + "\r\n"},
		"the old one of two while rotating": {secret: v2Other + "\n" + v2Secret + "\n", index: 1},
		"empty lines between the two":       {secret: "\n" + v2Other + "\n\n  " + v2Secret, index: 1},
		"one whose neighbour is too short":  {secret: "short\n" + v2Secret, index: 1},
		"hex in capitals": {secret: v2Secret, change: func(r *Request) {
			r.Header.Set(V2Signature, strings.ToUpper(v2Known))
		}},
		"an empty body, signed": {secret: v2Secret, change: func(r *Request) {
			r.Body = nil
			r.Header.Set(V2Signature, v2Sign(v2Secret, ""))
		}},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			r := v2Request()
			if tc.change != nil {
				tc.change(&r)
			}
			got, err := V2(r, V2Secrets([]byte(tc.secret)))
			want := Result{Index: tc.index, Secret: fmt.Sprintf("line-%d", tc.index+1)}
			if err != nil || got != want {
				t.Errorf("%+v, error %v; want %+v", got, err, want)
			}
		})
	}
}

func TestV2Refuses(t *testing.T) {
	signature := func(value string) func(*Request) {
		return func(r *Request) { r.Header.Set(V2Signature, value) }
	}
	raw, err := hex.DecodeString(v2Known)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*Request){
		"no signature":                         func(r *Request) { r.Header.Del(V2Signature) },
		"the signature in two headers":         func(r *Request) { r.Header.Add(V2Signature, v2Known) },
		"another signature behind it":          func(r *Request) { r.Header.Add(V2Signature, v2Sign(v2Other, v2Body)) },
		"an empty signature":                   signature(""),
		"a forged signature":                   signature(v2Sign(v2Other, v2Body)),
		"the signature of another body":        signature(v2Sign(v2Secret, v2Body+" ")),
		"a plain digest of the body":           signature(hex.EncodeToString(sha256Of(v2Body))),
		"the signature under half the secret":  signature(v2Sign(strings.TrimPrefix(v2Secret, "zn_whsec_"), v2Body)),
		"the signature without its last byte":  signature(v2Known[:62]),
		"the signature without its last digit": signature(v2Known[:63]),
		"the signature and a byte more":        signature(v2Known + "00"),
		"the signature twice":                  signature(v2Known + v2Known),
		"the signature in base64":              signature(base64.StdEncoding.EncodeToString(raw)),
		"the signature with a name before it":  signature("sha256=" + v2Known),
		"the signature as raw bytes":           signature(string(raw)),
		"the signature with spaces":            signature(" " + v2Known),
		"letters that are no hex":              signature(strings.Repeat("g", 64)),
		"zeros":                                signature(strings.Repeat("0", 64)),
		"a body cut off":                       func(r *Request) { r.Body = r.Body[:len(r.Body)-1] },
		"a body with one byte more":            func(r *Request) { r.Body = append(r.Body, '\n') },
		"a body encoded anew":                  func(r *Request) { r.Body = bytes.ReplaceAll(r.Body, []byte(`":"`), []byte(`": "`)) },
		"a body with another order":            func(r *Request) { r.Body = bytes.ReplaceAll(r.Body, []byte("5f0c"), []byte("5f0d")) },
		"no body":                              func(r *Request) { r.Body = nil },
	}
	for reason, change := range cases {
		t.Run(reason, func(t *testing.T) {
			r := v2Request()
			change(&r)
			if got, err := V2(r, V2Secrets([]byte(v2Secret))); !errors.Is(err, ErrUnauthenticated) {
				t.Errorf("verified: %+v, %v", got, err)
			}
		})
	}
}

func sha256Of(s string) []byte {
	d := sha256.Sum256([]byte(s))
	return d[:]
}

// What is signed with nothing, or with the key that stands in for a missing
// secret, must not be let in.
func TestV2WeakSecretsNeverVerify(t *testing.T) {
	for _, secret := range []string{"", "\n", "short", "zn_whsec_", strings.Repeat("\x00", 15), strings.Repeat("k", 15)} {
		for _, key := range []string{secret, "", strings.Repeat("\x00", minV2SecretBytes)} {
			r := v2Request()
			r.Header.Set(V2Signature, v2Sign(key, v2Body))
			if got, err := V2(r, V2Secrets([]byte(secret))); !errors.Is(err, ErrUnauthenticated) {
				t.Errorf("secret %q, signed with %q: %+v, %v", secret, key, got, err)
			}
		}
	}
}

func TestV2SecretsAreKeptAsGiven(t *testing.T) {
	got := V2Secrets([]byte("zn_whsec_a=b \r\n\n\tzn_whsec_c d\n"))
	want := []Secret{
		{Index: 0, Name: "line-1", Value: []byte("zn_whsec_a=b")},
		{Index: 1, Name: "line-2", Value: []byte("zn_whsec_c d")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The causes are for logs and metrics. Without a secret a readable signature is
// one that no secret makes.
func TestV2TellsTheCause(t *testing.T) {
	cases := map[string]struct {
		signature, secret string
		want              error
	}{
		"none":                 {"", v2Secret, ErrNoSignature},
		"unreadable":           {"sha256=" + v2Known, v2Secret, ErrNoSignature},
		"unreadable, unknown":  {v2Known[:62], "", ErrNoSignature},
		"of another":           {v2Known, v2Other, ErrMismatch},
		"no secret":            {v2Known, "", ErrMismatch},
		"of the stand-in's":    {v2Sign(strings.Repeat("\x00", minV2SecretBytes), v2Body), "", ErrMismatch},
		"of a secret of zeros": {v2Sign(strings.Repeat("\x00", minV2SecretBytes), v2Body), v2Secret, ErrMismatch},
	}
	for reason, tc := range cases {
		r := v2Request()
		r.Header.Set(V2Signature, tc.signature)
		if got, err := V2(r, V2Secrets([]byte(tc.secret))); !errors.Is(err, tc.want) || got != (Result{}) {
			t.Errorf("%s: %+v, %v", reason, got, err)
		}
	}
}
