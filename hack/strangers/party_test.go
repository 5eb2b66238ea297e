package strangers

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// message is what a sender sends.
type message struct {
	id   string
	at   time.Time
	body []byte
}

// newMessage is a message of its own with an acceptable order. Its ID is for
// logs; it may be found there.
func newMessage(at time.Time) message {
	return message{id: "msg-" + rand.Text(), at: at, body: body(newID())}
}

// secret is one of a source's: as the source has it, and as the sender signs with
// it. They differ for a pair of keys alone.
type secret struct{ listed, signing string }

// party is an honest sender by one scheme, and the source that it posts to.
type party struct {
	name   string
	auth   v1alpha1.WebhookAuth
	secret secret
	// other is the secret of another source of the same scheme.
	other secret
	// header carries the signature or token, which stands behind mark.
	header, mark string
	// hex, or base64 otherwise; a bearer token is neither.
	hex bool
	// stamped says that a time is signed.
	stamped bool
	sign    func(key string, m message) http.Header
}

// tolerance of every source here.
const tolerance = 5 * time.Minute

// parties are one of each scheme.
func parties() []*party {
	return []*party{
		{name: "standard", auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks}, header: "Webhook-Signature", mark: "v1,",
			secret: shared(shop.NewSecret), other: shared(shop.NewSecret), stamped: true, sign: signStandard},
		{name: "pair", auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks}, header: "Webhook-Signature", mark: "v1a,",
			secret: newPair(), other: newPair(), stamped: true, sign: signPair},
		{name: "stripe", auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStripe}, header: "Stripe-Signature", mark: "v1=", hex: true,
			secret: shared(newStripe), other: shared(newStripe), stamped: true, sign: signStripe},
		{name: "plain", auth: hmacAuth(v1alpha1.HMACScheme{Header: "X-Hub-Signature-256", Prefix: "sha256="}), header: "X-Hub-Signature-256",
			mark: "sha256=", hex: true, secret: shared(newText), other: shared(newText), sign: signPlain},
		{name: "timed", auth: hmacAuth(v1alpha1.HMACScheme{Header: "X-Signature", Algorithm: "sha512", Encoding: "base64",
			TimestampHeader: "X-Timestamp", TimestampUnit: "ms"}), header: "X-Signature",
			secret: shared(newText), other: shared(newText), stamped: true, sign: signTimed},
		{name: "bearer", auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthBearer}, header: "Authorization", mark: "Bearer ",
			secret: shared(newText), other: shared(newText), sign: signBearer},
	}
}

func hmacAuth(h v1alpha1.HMACScheme) v1alpha1.WebhookAuth {
	return v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: &h}
}

func shared(make func() string) secret {
	s := make()
	return secret{s, s}
}

func newText() string   { return rand.Text() + rand.Text() }
func newStripe() string { return "whsec_" + newText() }

func newPair() secret {
	public, private, _ := ed25519.GenerateKey(nil) // never fails
	return secret{"whpk_" + base64.StdEncoding.EncodeToString(public), "whsk_" + base64.StdEncoding.EncodeToString(private)}
}

func signStandard(key string, m message) http.Header {
	wh, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		panic(err) // the test made the key
	}
	signature, _ := wh.Sign(m.id, m.at, m.body) // never fails
	return standardHeader(m, signature)
}

func signPair(key string, m message) http.Header {
	private, _ := base64.StdEncoding.DecodeString(key[len("whsk_"):]) // the test made it
	return standardHeader(m, "v1a,"+base64.StdEncoding.EncodeToString(ed25519.Sign(private, standardContent(m))))
}

// standardContent is what Standard Webhooks sign.
func standardContent(m message) []byte {
	return append(fmt.Appendf(nil, "%s.%d.", m.id, m.at.Unix()), m.body...)
}

func standardHeader(m message, signature string) http.Header {
	return http.Header{"Webhook-Id": {m.id}, "Webhook-Timestamp": {strconv.FormatInt(m.at.Unix(), 10)}, "Webhook-Signature": {signature}}
}

// signStripe asks the helper that Stripe gives for tests.
func signStripe(key string, m message) http.Header {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: m.body, Secret: key, Timestamp: m.at})
	return http.Header{"Stripe-Signature": {signed.Header}}
}

func signPlain(key string, m message) http.Header {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(m.body)
	return http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
}

func signTimed(key string, m message) http.Header {
	stamp := strconv.FormatInt(m.at.UnixMilli(), 10)
	mac := hmac.New(sha512.New, []byte(key))
	mac.Write([]byte(stamp + "." + string(m.body)))
	return http.Header{"X-Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}, "X-Timestamp": {stamp}}
}

func signBearer(key string, _ message) http.Header {
	return http.Header{"Authorization": {"Bearer " + key}}
}
