package strangers

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"
)

// parts are what stands before a signature or token in its header, and itself.
func (p *party) parts(h http.Header) (before, text string) {
	value := h.Get(p.header)
	at := 0
	if p.mark != "" {
		at = strings.LastIndex(value, p.mark) + len(p.mark)
	}
	return value[:at], value[at:]
}

// raw are the bytes of a signature; those of a token are its characters.
func (p *party) raw(text string) []byte {
	var raw []byte
	switch {
	case p.name == "bearer":
		raw = []byte(text)
	case p.hex:
		raw, _ = hex.DecodeString(text) // made just now
	default:
		raw, _ = base64.StdEncoding.DecodeString(text) // made just now
	}
	return raw
}

// encode is the opposite of raw.
func (p *party) encode(raw []byte) string {
	switch {
	case p.name == "bearer":
		return string(raw)
	case p.hex:
		return hex.EncodeToString(raw)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// forge is a change of the text of a right signature after which it is none.
type forge func(p *party, text string) string

// forgeries of one signature, by reason. One that leaves a text as it is does not
// apply to the scheme.
func forgeries() map[string]forge {
	flip := func(at int) forge {
		return func(p *party, text string) string {
			raw := p.raw(text)
			raw[(at+len(raw))%len(raw)] ^= 1
			return p.encode(raw)
		}
	}
	constant := func(text string) forge { return func(*party, string) string { return text } }
	return map[string]forge{
		"the first bit is another":    flip(0),
		"the last bit is another":     flip(-1),
		"zeros":                       zeros,
		"a character is missing":      func(_ *party, text string) string { return text[:len(text)-1] },
		"the first one is missing":    func(_ *party, text string) string { return text[1:] },
		"one half":                    func(_ *party, text string) string { return text[:len(text)/2] },
		"one byte":                    func(p *party, text string) string { return p.encode(p.raw(text)[:1]) },
		"a byte is missing":           func(p *party, text string) string { return p.encode(p.raw(text)[:len(p.raw(text))-1]) },
		"a byte more":                 func(p *party, text string) string { return p.encode(append(p.raw(text), 'x')) },
		"nothing":                     constant(""),
		"twice":                       func(_ *party, text string) string { return text + text },
		"a list of it and nothing":    func(_ *party, text string) string { return text + ";" },
		"hex for base64 or the other": func(p *party, text string) string { return p.otherwise(text) },
		"base64 of its text":          func(_ *party, text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"hex of its text":             func(_ *party, text string) string { return hex.EncodeToString([]byte(text)) },
		"URL-safe base64":             func(p *party, text string) string { return p.base64(base64.URLEncoding, text) },
		"base64 without padding":      func(p *party, text string) string { return p.base64(base64.RawStdEncoding, text) },
		"padding too much":            func(_ *party, text string) string { return text + "=" },
		"spare bits of base64 set":    spareBits,
		"in capitals":                 func(p *party, text string) string { return p.otherCase(text) },
		"a space within":              func(_ *party, text string) string { return text[:9] + " " + text[9:] },
		"a tab within":                func(_ *party, text string) string { return text[:9] + "\t" + text[9:] },
		"a space before it":           func(p *party, text string) string { return p.inside(" ", text) },
		"in quotes":                   func(_ *party, text string) string { return `"` + text + `"` },
		"percent-encoded":             func(_ *party, text string) string { return "%" + hex.EncodeToString([]byte(text[:1])) + text[1:] },
		"0x before it":                func(_ *party, text string) string { return "0x" + text },
		"null":                        constant("null"),
		"a wildcard":                  constant("*"),
		"a JSON true":                 constant("true"),
	}
}

func zeros(p *party, text string) string {
	if p.name == "bearer" {
		return strings.Repeat("0", len(text))
	}
	return p.encode(make([]byte, len(p.raw(text))))
}

// otherwise encodes hex as base64 and the other way.
func (p *party) otherwise(text string) string {
	if p.hex {
		return base64.StdEncoding.EncodeToString(p.raw(text))
	}
	return hex.EncodeToString(p.raw(text))
}

func (p *party) base64(e *base64.Encoding, text string) string {
	if p.hex || p.name == "bearer" {
		return text
	}
	return e.EncodeToString(p.raw(text))
}

// otherCase leaves hex alone: its capitals are the same bytes.
func (p *party) otherCase(text string) string {
	if p.hex {
		return text
	}
	if upper := strings.ToUpper(text); upper != text {
		return upper
	}
	return strings.ToLower(text)
}

// inside puts a character before a text where HTTP would not drop it.
func (p *party) inside(c, text string) string {
	if p.mark == "" {
		return text
	}
	return c + text
}

// spareBits changes the last character of padded base64 so that a lax decoder
// sees the same bytes.
func spareBits(_ *party, text string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	bare := strings.TrimRight(text, "=")
	if bare == text {
		return text
	}
	at := strings.IndexByte(letters, bare[len(bare)-1])
	return bare[:len(bare)-1] + string(letters[at^1]) + text[len(bare):]
}

// TestNoForgedSignatureIsTaken changes right signatures and tokens of each scheme
// in every way that a lax verifier would let pass.
func TestNoForgedSignatureIsTaken(t *testing.T) {
	x := theWorld(t).main
	for _, p := range x.world.parties {
		t.Run(p.name, func(t *testing.T) {
			watch(t, x)
			for reason, change := range forgeries() {
				m := p.message(func(text string) bool { return change(p, text) != text })
				if m == nil {
					continue // it does not apply
				}
				h := p.sign(p.secret.signing, *m)
				before, text := p.parts(h)
				h.Set(p.header, before+change(p, text))
				plant(text, change(p, text))
				refused(t, reason, x.post(t, x.world.path(p.name), h, m.body))
			}
		})
	}
}

// message whose signature is as wanted; nil when none of many is.
func (p *party) message(wanted func(text string) bool) *message {
	for range 64 {
		m := newMessage(time.Now())
		if _, text := p.parts(p.sign(p.secret.signing, m)); wanted(text) {
			return &m
		}
	}
	return nil
}

// refused checks that an answer says no more than that nobody was authenticated.
func refused(t *testing.T, reason string, r reply) {
	t.Helper()
	if r.status != http.StatusUnauthorized || r.problem != "unauthenticated" || r.header.Get("Www-Authenticate") == "" {
		t.Errorf("%s: %v", reason, r)
	}
	if !bytes.Contains(r.body, []byte("The request could not be authenticated.")) || bytes.Contains(r.body, []byte(`"errors"`)) {
		t.Errorf("%s: the answer tells more than it must: %s", reason, r.body)
	}
}
