package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The vectors published with the specification and its libraries.
var vectors = []struct {
	secret, id, body, signature string
	at                          int64
}{
	{"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
		`{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 1614265330},
	{"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
		`{"email":"test@example.com","username":"test_user"}`, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=", 1649367553},
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
		out = append(out, Secret{Index: i, Value: []byte(v)})
	}
	return out
}

// first is the first vector as a request.
func first() Request {
	v := vectors[0]
	return Request{
		Header: signed("webhook", v.id, strconv.FormatInt(v.at, 10), v.signature),
		Body:   []byte(v.body), Now: time.Unix(v.at, 0), Tolerance: 5 * time.Minute,
	}
}

func TestPublishedVectorsVerify(t *testing.T) {
	for _, v := range vectors {
		for _, prefix := range []string{"webhook", "svix"} {
			r := Request{Header: signed(prefix, v.id, strconv.FormatInt(v.at, 10), v.signature),
				Body: []byte(v.body), Now: time.Unix(v.at, 0), Tolerance: time.Minute}
			got, err := StandardWebhooks(r, secrets(v.secret))
			if err != nil || got.MessageID != v.id {
				t.Errorf("%s under %s-*: %+v, %v", v.id, prefix, got, err)
			}
		}
	}
}

func TestStandardWebhooksRefuses(t *testing.T) {
	good := vectors[0]
	header := func(name, value string) func(*Request) {
		return func(r *Request) { r.Header.Set(name, value) }
	}
	cases := map[string]func(*Request){
		"an empty signature":                       header("webhook-signature", ""),
		"a version without a signature":            header("webhook-signature", "v1,"),
		"a signature without a version":            header("webhook-signature", good.signature[3:]),
		"a truncated signature":                    header("webhook-signature", good.signature[:len(good.signature)-5]),
		"the right signature under version v2":     header("webhook-signature", "v2"+good.signature[2:]),
		"the right signature under version v1a":    header("webhook-signature", "v1a"+good.signature[2:]),
		"another signature":                        header("webhook-signature", vectors[1].signature),
		"no ID":                                    func(r *Request) { r.Header.Del("webhook-id") },
		"no timestamp":                             func(r *Request) { r.Header.Del("webhook-timestamp") },
		"no signature":                             func(r *Request) { r.Header.Del("webhook-signature") },
		"no headers":                               func(r *Request) { r.Header = http.Header{} },
		"another ID":                               header("webhook-id", "msg_other"),
		"an ID that could hide a body":             header("webhook-id", `msg.1.{"a":1`),
		"an ID with a space":                       header("webhook-id", "msg one"),
		"an ID too long to store":                  header("webhook-id", strings.Repeat("x", 257)),
		"another timestamp":                        header("webhook-timestamp", "1614265331"),
		"a timestamp with a plus sign":             header("webhook-timestamp", "+1614265330"),
		"a timestamp with a leading zero":          header("webhook-timestamp", "01614265330"),
		"a timestamp that is a fraction":           header("webhook-timestamp", "1614265330.5"),
		"a timestamp that is no number":            header("webhook-timestamp", "now"),
		"a timestamp beyond 64 bits":               header("webhook-timestamp", "99999999999999999999"),
		"a body with one byte more":                func(r *Request) { r.Body = append(r.Body, ' ') },
		"no body":                                  func(r *Request) { r.Body = nil },
		"arrival a second beyond the tolerance":    func(r *Request) { r.Now = r.Now.Add(301 * time.Second) },
		"sent a second further ahead than allowed": func(r *Request) { r.Now = r.Now.Add(-301 * time.Second) },
	}
	for reason, change := range cases {
		t.Run(reason, func(t *testing.T) {
			r := first()
			change(&r)
			if got, err := StandardWebhooks(r, secrets(good.secret)); !errors.Is(err, ErrUnauthenticated) {
				t.Errorf("verified: %+v, %v", got, err)
			}
		})
	}
}

func TestStandardWebhooksAccepts(t *testing.T) {
	good := vectors[0]
	other := "v1," + base64.StdEncoding.EncodeToString(make([]byte, 32))
	cases := map[string]func(*Request){
		"the right signature last of three": func(r *Request) {
			r.Header.Set("webhook-signature", "v1a,xyz "+other+" "+good.signature)
		},
		"arrival at the very end of the tolerance":   func(r *Request) { r.Now = r.Now.Add(5 * time.Minute) },
		"sent as far ahead as the tolerance permits": func(r *Request) { r.Now = r.Now.Add(-5 * time.Minute) },
	}
	for reason, change := range cases {
		t.Run(reason, func(t *testing.T) {
			r := first()
			change(&r)
			if _, err := StandardWebhooks(r, secrets(good.secret)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStandardWebhooksTellsWhichSecretMatched(t *testing.T) {
	good := vectors[0].secret
	cases := map[string]struct {
		secrets []Secret
		index   int
		want    error
	}{
		"the only one":                       {secrets(good), 0, nil},
		"the new one while rotating":         {secrets(vectors[1].secret, good), 1, nil},
		"a secret read from a file":          {secrets(good + "\n"), 0, nil},
		"one whose neighbour is unusable":    {secrets("", good), 1, nil},
		"the index is that of the reference": {[]Secret{{Index: 4, Value: []byte(good)}}, 4, nil},
		"none of them":                       {secrets(vectors[1].secret), 0, ErrUnauthenticated},
		"no secrets":                         {nil, 0, ErrUnauthenticated},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			got, err := StandardWebhooks(first(), tc.secrets)
			if !errors.Is(err, tc.want) || got.Index != tc.index {
				t.Errorf("index %d, error %v; want %d, %v", got.Index, err, tc.index, tc.want)
			}
		})
	}
}

// A sender that signs with nothing must not be let in by a secret of nothing.
func TestWeakSecretsNeverVerify(t *testing.T) {
	v := vectors[0]
	for _, key := range [][]byte{{}, []byte("short"), bytes.Repeat([]byte{7}, 23)} {
		wh, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := wh.Sign(v.id, time.Unix(v.at, 0), []byte(v.body))
		if err != nil {
			t.Fatal(err)
		}
		r := first()
		r.Header.Set("webhook-signature", signature)
		for _, prefix := range []string{"", "whsec_"} {
			secret := prefix + base64.StdEncoding.EncodeToString(key)
			if _, err := StandardWebhooks(r, secrets(secret)); !errors.Is(err, ErrUnauthenticated) {
				t.Errorf("a key of %d bytes verified: %v", len(key), err)
			}
			if _, err := SigningKey([]byte(secret)); !errors.Is(err, ErrSecretUnusable) {
				t.Errorf("a key of %d bytes is called usable: %v", len(key), err)
			}
		}
	}
}

func TestSecretErrorsDoNotQuoteTheSecret(t *testing.T) {
	const planted = "planted-secret-!!"
	_, errSigning := SigningKey([]byte(planted))
	_, errBearer := BearerToken([]byte(planted))
	for _, err := range []error{errSigning, errBearer} {
		if err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("error %v", err)
		}
	}
}

func TestBearer(t *testing.T) {
	token := strings.Repeat("t", 32)
	cases := map[string]struct {
		header  string
		secrets []Secret
		index   int
		want    error
	}{
		"the token":                  {"Bearer " + token, secrets(token), 0, nil},
		"the scheme in another case": {"bearer " + token, secrets(token), 0, nil},
		"a secret with a line break": {"Bearer " + token, secrets(token + "\n"), 0, nil},
		"the second of two":          {"Bearer " + token, secrets(strings.Repeat("o", 32), token), 1, nil},
		"another token":              {"Bearer " + strings.Repeat("x", 32), secrets(token), 0, ErrUnauthenticated},
		"a prefix of the token":      {"Bearer " + token[:31], secrets(token), 0, ErrUnauthenticated},
		"a short secret":             {"Bearer short", secrets("short"), 0, ErrUnauthenticated},
		"an empty secret":            {"Bearer ", secrets(""), 0, ErrUnauthenticated},
		"a secret of white space":    {"Bearer ", secrets(strings.Repeat(" ", 40)), 0, ErrUnauthenticated},
		"another scheme":             {"Basic " + token, secrets(token), 0, ErrUnauthenticated},
		"a token without a scheme":   {token, secrets(token), 0, ErrUnauthenticated},
		"no header":                  {"", secrets(token), 0, ErrUnauthenticated},
		"no secrets":                 {"Bearer " + token, nil, 0, ErrUnauthenticated},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			h := http.Header{}
			if tc.header != "" {
				h.Set("Authorization", tc.header)
			}
			got, err := Bearer(Request{Header: h}, tc.secrets)
			if !errors.Is(err, tc.want) || got.Index != tc.index {
				t.Errorf("index %d, error %v; want %d, %v", got.Index, err, tc.index, tc.want)
			}
		})
	}
}

// FuzzStandardWebhooks: whatever verifies must verify by the library alone too,
// and must be signed as it was sent.
func FuzzStandardWebhooks(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.id, strconv.FormatInt(v.at, 10), v.signature, v.body)
	}
	f.Fuzz(func(t *testing.T, id, stamp, signature, body string) {
		at, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			at = 0
		}
		r := Request{Header: signed("webhook", id, stamp, signature), Body: []byte(body),
			Now: time.Unix(at, 0), Tolerance: time.Minute}
		if _, err := StandardWebhooks(r, secrets(vectors[0].secret)); err != nil {
			return
		}
		wh, err := standardwebhooks.NewWebhook(vectors[0].secret)
		if err != nil {
			t.Fatal(err)
		}
		want, err := wh.Sign(id, time.Unix(at, 0), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(" "+signature, " "+want) {
			t.Errorf("verified without the signature %q", want)
		}
	})
}
