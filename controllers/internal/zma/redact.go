package zma

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"strings"
	"syscall"
)

// String keeps the token out of whatever prints a Config or a client.
func (c Config) String() string { return "zma client of " + c.BaseURL }

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// maxErrorText bounds the text of an error in bytes: net/http quotes what a
// broken server sent.
const maxErrorText = 300

// transportError is what may be said of an error of net/http. It does not wrap
// the error itself, since whoever unwraps that would read the URL and the token
// after all; only causes that hold no text of others are kept.
type transportError struct {
	text   string
	causes []error
}

// Error implements error.
func (e *transportError) Error() string { return e.text }

// Unwrap gives the causes that a caller may ask for with errors.Is.
func (e *transportError) Unwrap() []error { return e.causes }

// redact makes an error of net/http fit for logs.
func (c Config) redact(err error) error {
	text := err.Error()
	var u *url.Error
	if errors.As(err, &u) {
		text = u.Err.Error()
	}
	for _, secret := range []string{c.Token, base64.StdEncoding.EncodeToString([]byte(c.Token + ":")), url.QueryEscape(c.Token)} {
		text = strings.ReplaceAll(text, secret, "[token]")
	}
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	out := &transportError{text: text}
	for _, cause := range []error{
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET,
	} {
		if errors.Is(err, cause) {
			out.causes = append(out.causes, cause)
		}
	}
	return out
}
