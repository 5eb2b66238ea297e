package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxMessageIDBytes bounds what is logged and stored of a message's ID.
const maxMessageIDBytes = 256

// maxAsymmetric signatures of one request. Each is checked under each key, over
// the whole body, before anything is known of the sender; a source has no more
// keys than this.
const maxAsymmetric = 5

// standardWebhooks verifies the signatures of the Standard Webhooks
// specification, symmetric (v1) and asymmetric (v1a), under its own header names
// or Svix's. Several signatures and several secrets are tried, all of them; the
// secret's form says which kind it verifies.
// Source: github.com/standard-webhooks/standard-webhooks, spec 1.0.0.
func standardWebhooks(r Request, secrets []Secret) (Result, error) {
	m := readStandard(r.Header)
	m.body = r.Body
	return m.settle(r, match(secrets, func(value []byte) bool {
		key, err := standardKeyOf(value)
		return err == nil && key.proves(&m)
	}))
}

// standardMessage is what the three headers say, and the body.
type standardMessage struct {
	claim
	body       []byte
	symmetric  [][]byte // HMAC-SHA256
	asymmetric [][]byte // ed25519
	signed     []byte   // what all of them sign, once it is needed
}

// content is what is signed.
func (m *standardMessage) content() []byte {
	if m.signed == nil {
		m.signed = append(fmt.Appendf(nil, "%s.%d.", m.messageID, m.signedAt.Unix()), m.body...)
	}
	return m.signed
}

// readStandard reads the headers. They are of one family: an ID of one and a
// signature of the other would leave open which is meant.
func readStandard(h http.Header) standardMessage {
	family := standardFamily(h)
	id, hasID := one(h, family+"Id")
	stamp, hasStamp := one(h, family+"Timestamp")
	header, hasSignature := one(h, family+"Signature")
	var m standardMessage
	if validMessageID(id) {
		m.messageID = id
	}
	var timed bool
	m.signedAt, timed = moment(stamp, time.Second)
	signed := m.readSignatures(header)
	m.readable = hasID && hasStamp && hasSignature && m.messageID != "" && timed && signed
	return m
}

// standardFamily is the prefix of the headers that count: Svix's only when there
// is none of the specification's own.
func standardFamily(h http.Header) string {
	for _, name := range []string{"Id", "Timestamp", "Signature"} {
		if len(h.Values("Webhook-"+name)) > 0 {
			return "Webhook-"
		}
	}
	return "Svix-"
}

// readSignatures splits the list. Other versions and what is no signature are
// passed over; what is left must be something, and not too much.
func (m *standardMessage) readSignatures(header string) (ok bool) {
	for entry := range strings.SplitSeq(header, " ") {
		version, text, _ := strings.Cut(entry, ",")
		switch version {
		case "v1":
			if raw, ok := fromBase64(text, sha256.Size); ok {
				m.symmetric = append(m.symmetric, raw)
			}
		case "v1a":
			if raw, ok := fromBase64(text, ed25519.SignatureSize); ok {
				m.asymmetric = append(m.asymmetric, raw)
			}
		}
	}
	if len(m.asymmetric) > maxAsymmetric {
		m.symmetric, m.asymmetric = nil, nil
	}
	return len(m.symmetric)+len(m.asymmetric) > 0
}

// validMessageID allows visible ASCII except braces. "id.time.body" is signed
// without lengths: an ID with a brace could hold the beginning of another
// message's body, and what is left would pass as a body.
func validMessageID(id string) bool {
	return id != "" && len(id) <= maxMessageIDBytes && visible(id) && !strings.ContainsAny(id, "{}")
}
