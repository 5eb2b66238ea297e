package verify

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

const (
	timestampMark = "{timestamp}"
	bodyMark      = "{body}"
)

// hmacFormat is a source's spec.auth.hmac, understood.
type hmacFormat struct {
	header, prefix string
	decode         func(text string, size int) ([]byte, bool)
	hash           func() hash.Hash
	size           int

	timestampHeader string // none when empty
	unit            time.Duration
	// before and after stand around the time, and come before the body.
	before, after string
}

// hmacFormatOf understands a format. The resource's schema has refused what can't
// be understood; nothing is guessed if it has not, because an unsigned time or a
// shorter hash would verify what nobody meant to sign.
func hmacFormatOf(spec *v1alpha1.HMACScheme) (hmacFormat, error) {
	if spec == nil || spec.Header == "" {
		return hmacFormat{}, errors.New("hmac has no header")
	}
	f := hmacFormat{header: spec.Header, prefix: spec.Prefix, timestampHeader: spec.TimestampHeader}
	return f, errors.Join(f.setAlgorithm(spec.Algorithm), f.setEncoding(spec.Encoding),
		f.setUnit(spec.TimestampUnit), f.setContent(spec.SignedContent))
}

func (f *hmacFormat) setAlgorithm(name string) error {
	switch name {
	case "", "sha256":
		f.hash, f.size = sha256.New, sha256.Size
	case "sha512":
		f.hash, f.size = sha512.New, sha512.Size
	default:
		return fmt.Errorf("hmac.algorithm %q is unknown", name)
	}
	return nil
}

func (f *hmacFormat) setEncoding(name string) error {
	switch name {
	case "", "hex":
		f.decode = fromHex
	case "base64":
		f.decode = fromBase64
	default:
		return fmt.Errorf("hmac.encoding %q is unknown", name)
	}
	return nil
}

func (f *hmacFormat) setUnit(name string) error {
	switch name {
	case "", "s":
		f.unit = time.Second
	case "ms":
		f.unit = time.Millisecond
	default:
		return fmt.Errorf("hmac.timestampUnit %q is unknown", name)
	}
	return nil
}

// setContent splits the template. What follows the time must not be a digit: the
// end of the time could pass as the beginning of a body, and the other way.
func (f *hmacFormat) setContent(template string) error {
	timed := f.timestampHeader != ""
	switch {
	case template == "" && timed:
		template = timestampMark + "." + bodyMark
	case template == "":
		template = bodyMark
	}
	head, atEnd := strings.CutSuffix(template, bodyMark)
	before, after, stamped := strings.Cut(head, timestampMark)
	if !atEnd || stamped != timed || strings.ContainsAny(before+after, "{}") {
		return errors.New("hmac.signedContent can't be understood")
	}
	if stamped && (after == "" || after[0] >= '0' && after[0] <= '9') {
		return errors.New("hmac.signedContent does not tell the time from the body")
	}
	f.before, f.after = before, after
	return nil
}

// read takes the signature, and the time as it is signed, from the headers.
func (f hmacFormat) read(h http.Header) (c claim, stamp string, signature []byte) {
	value, given := one(h, f.header)
	text, prefixed := strings.CutPrefix(value, f.prefix)
	signature, decoded := f.decode(text, f.size)
	c.readable = given && prefixed && decoded
	if f.timestampHeader == "" {
		return c, "", signature
	}
	stamp, given = one(h, f.timestampHeader)
	at, timed := moment(stamp, f.unit)
	c.signedAt, c.readable = at, c.readable && given && timed
	return c, stamp, signature
}
