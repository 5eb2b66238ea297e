package verify

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// minSigningKeyBytes is the shortest key that the specification allows.
const minSigningKeyBytes = 24

// maxMessageIDBytes bounds what is logged and stored of a message's ID.
const maxMessageIDBytes = 256

// secretPrefix of secrets in the specification's own spelling.
const secretPrefix = "whsec_"

// StandardWebhooks verifies the HMAC signatures (v1) of the Standard Webhooks
// specification, under its own header names or Svix's. Several signatures and
// several secrets are tried, all of them, whichever matches.
//
// The library computes and compares. It is wrapped because it would accept an
// empty secret, reads the machine's clock and knows one secret only.
func StandardWebhooks(r Request, secrets []Secret) (Result, error) {
	id, sent, header, ok := standardHeaders(r.Header)
	if !ok || !within(sent, r.Now, r.Tolerance) {
		return Result{}, ErrUnauthenticated
	}
	matched := -1
	for _, s := range secrets {
		key, err := SigningKey(s.Value)
		if err != nil {
			continue
		}
		wh, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			continue
		}
		if wh.VerifyIgnoringTimestamp(r.Body, header) == nil && matched < 0 {
			matched = s.Index
		}
	}
	if matched < 0 {
		return Result{}, ErrUnauthenticated
	}
	return Result{Index: matched, MessageID: id}, nil
}

// SigningKey decodes a Standard Webhooks secret: base64 of at least 24 bytes,
// with or without "whsec_". White space around it, as left by an editor, is
// dropped. Errors wrap ErrSecretUnusable and do not quote the secret.
func SigningKey(secret []byte) ([]byte, error) {
	text := strings.TrimPrefix(strings.TrimSpace(string(secret)), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64", ErrSecretUnusable)
	}
	if len(key) < minSigningKeyBytes {
		return nil, fmt.Errorf("%w: shorter than %d bytes", ErrSecretUnusable, minSigningKeyBytes)
	}
	return key, nil
}

// standardHeaders reads the three headers and returns them under the library's
// names. The timestamp must be spelled as it is signed: the library would sign
// "1" for "+01".
func standardHeaders(h http.Header) (id string, sent time.Time, out http.Header, ok bool) {
	prefix := "webhook-"
	if h.Get(prefix+"id") == "" {
		prefix = "svix-"
	}
	id = h.Get(prefix + "id")
	stamp := h.Get(prefix + "timestamp")
	signature := h.Get(prefix + "signature")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp || !validMessageID(id) || signature == "" {
		return "", time.Time{}, nil, false
	}
	out = http.Header{}
	out.Set(standardwebhooks.HeaderWebhookID, id)
	out.Set(standardwebhooks.HeaderWebhookTimestamp, stamp)
	out.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return id, time.Unix(seconds, 0), out, true
}

// validMessageID allows visible ASCII except braces. "id.time.body" is signed
// without lengths: an ID with a brace could hold the beginning of another
// message's body, and what is left would pass as a body.
func validMessageID(id string) bool {
	if id == "" || len(id) > maxMessageIDBytes {
		return false
	}
	for i := range len(id) {
		if c := id[i]; c < '!' || c > '~' || c == '{' || c == '}' {
			return false
		}
	}
	return true
}

func within(sent, now time.Time, tolerance time.Duration) bool {
	return !sent.Before(now.Add(-tolerance)) && !sent.After(now.Add(tolerance))
}
