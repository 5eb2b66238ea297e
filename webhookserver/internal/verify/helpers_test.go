package verify

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const (
	testBody      = `{"externalID":"A-1","test":2432232314}`
	testID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	testTolerance = 5 * time.Minute
)

// begin is when the tests' messages are sent.
func begin() time.Time { return time.Unix(1614265330, 0) }

// sender is one that signs as a scheme wants it. Signing is written out here by
// the standard library alone, so that the product's mistakes are not repeated.
type sender struct {
	auth v1alpha1.WebhookAuth
	// key returns the n-th key: what the sender signs with, and the secret that
	// verifies it.
	key  func(n int) (signing, secret string)
	sign func(signing string, at time.Time, body string) http.Header
	// headers that have to be there, once.
	headers []string
	// signature is the header that proves, and where it is a list, a separator.
	signature, separator string
	timed                bool
}

// request signed with the n-th key.
func (s sender) request(n int) Request {
	signing, _ := s.key(n)
	return Request{Header: s.sign(signing, begin(), testBody), Body: []byte(testBody), Now: begin(), Tolerance: testTolerance}
}

// secrets of several keys, as the caller of the package reads them.
func (s sender) secrets(keys ...int) []Secret {
	var out []Secret
	for i, n := range keys {
		_, secret := s.key(n)
		out = append(out, Secret{Index: i, Name: fmt.Sprintf("shop/key-%d", n), Value: []byte(secret)})
	}
	return out
}

func (s sender) verify(r Request, secrets []Secret) (Result, error) {
	return For(s.auth)(r, secrets)
}

func senders() map[string]sender {
	return map[string]sender{
		"standardWebhooks": {
			auth: authBy(v1alpha1.AuthStandardWebhooks), key: textKey(symmetricPrefix, base64Text), sign: signStandard("Webhook-", signSymmetric),
			headers: []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}, signature: "Webhook-Signature", separator: " ", timed: true,
		},
		"standardWebhooks as Svix": {
			auth: authBy(v1alpha1.AuthStandardWebhooks), key: textKey("", base64Text), sign: signStandard("Svix-", signSymmetric),
			headers: []string{"Svix-Id", "Svix-Timestamp", "Svix-Signature"}, signature: "Svix-Signature", separator: " ", timed: true,
		},
		"standardWebhooks asymmetric": {
			auth: authBy(v1alpha1.AuthStandardWebhooks), key: keyPair, sign: signStandard("Webhook-", signAsymmetric),
			headers: []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}, signature: "Webhook-Signature", separator: " ", timed: true,
		},
		"stripe": {
			auth: authBy(v1alpha1.AuthStripe), key: textKey(symmetricPrefix, hexText), sign: signStripe,
			headers: []string{"Stripe-Signature"}, signature: "Stripe-Signature", separator: ",", timed: true,
		},
		"hmac as GitHub": hmacSender(v1alpha1.HMACScheme{Header: "X-Hub-Signature-256", Prefix: "sha256="}),
		"hmac as Shopify": hmacSender(v1alpha1.HMACScheme{
			Header: "X-Shopify-Hmac-Sha256", Algorithm: "sha256", Encoding: "base64"}),
		"hmac as Slack": hmacSender(v1alpha1.HMACScheme{Header: "X-Slack-Signature", Prefix: "v0=", Algorithm: "sha256", Encoding: "hex",
			TimestampHeader: "X-Slack-Request-Timestamp", TimestampUnit: "s", SignedContent: "v0:{timestamp}:{body}"}),
		"hmac of 512 bits and milliseconds": hmacSender(v1alpha1.HMACScheme{Header: "X-Signature", Algorithm: "sha512", Encoding: "base64",
			TimestampHeader: "X-Timestamp", TimestampUnit: "ms"}),
		"bearer": {
			auth: authBy(v1alpha1.AuthBearer), key: textKey("", hexText),
			sign: func(signing string, _ time.Time, _ string) http.Header {
				return http.Header{"Authorization": {"Bearer " + signing}}
			},
			headers: []string{"Authorization"}, signature: "Authorization",
		},
	}
}

func authBy(s v1alpha1.AuthScheme) v1alpha1.WebhookAuth { return v1alpha1.WebhookAuth{Scheme: s} }

// seed of the n-th key: 32 bytes that look like nothing else.
func seed(n int) []byte {
	d := sha256.Sum256(fmt.Appendf(nil, "test key %d", n))
	return d[:]
}

func base64Text(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }
func hexText(raw []byte) string    { return hex.EncodeToString(raw) }

func textKey(prefix string, encode func([]byte) string) func(int) (string, string) {
	return func(n int) (string, string) {
		secret := prefix + encode(seed(n))
		return secret, secret
	}
}

func keyPair(n int) (signing, secret string) {
	private := ed25519.NewKeyFromSeed(seed(n))
	return string(private), publicKeyPrefix + base64Text(private.Public().(ed25519.PublicKey))
}

func mac(h func() hash.Hash, key []byte, parts ...string) []byte {
	m := hmac.New(h, key)
	for _, p := range parts {
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

func signSymmetric(signing, content string) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(signing, symmetricPrefix))
	if err != nil {
		panic(err)
	}
	return "v1," + base64Text(mac(sha256.New, key, content))
}

func signAsymmetric(signing, content string) string {
	return "v1a," + base64Text(ed25519.Sign(ed25519.PrivateKey(signing), []byte(content)))
}

func signStandard(family string, sign func(signing, content string) string) func(string, time.Time, string) http.Header {
	return func(signing string, at time.Time, body string) http.Header {
		stamp := strconv.FormatInt(at.Unix(), 10)
		return http.Header{family + "Id": {testID}, family + "Timestamp": {stamp},
			family + "Signature": {sign(signing, testID+"."+stamp+"."+body)}}
	}
}

func signStripe(signing string, at time.Time, body string) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{"Stripe-Signature": {"t=" + stamp + ",v1=" + hexText(mac(sha256.New, []byte(signing), stamp, ".", body))}}
}

func hmacSender(format v1alpha1.HMACScheme) sender {
	s := sender{
		auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: &format}, key: textKey("", hexText),
		headers: []string{format.Header}, signature: format.Header, timed: format.TimestampHeader != "",
	}
	if s.timed {
		s.headers = append(s.headers, format.TimestampHeader)
	}
	s.sign = func(signing string, at time.Time, body string) http.Header {
		h := http.Header{}
		content := body
		if s.timed {
			stamp := strconv.FormatInt(at.Unix(), 10)
			if format.TimestampUnit == "ms" {
				stamp = strconv.FormatInt(at.UnixMilli(), 10)
			}
			h.Set(format.TimestampHeader, stamp)
			content = stamp + "." + body
			if format.SignedContent != "" {
				content = strings.NewReplacer("{timestamp}", stamp, "{body}", body).Replace(format.SignedContent)
			}
		}
		h.Set(format.Header, format.Prefix+signHMAC(format, signing, content))
		return h
	}
	return s
}

func signHMAC(format v1alpha1.HMACScheme, signing, content string) string {
	h := sha256.New
	if format.Algorithm == "sha512" {
		h = sha512.New
	}
	sum := mac(h, []byte(signing), content)
	if format.Encoding == "base64" {
		return base64Text(sum)
	}
	return hexText(sum)
}
