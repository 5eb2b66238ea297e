package notify

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	texttemplate "text/template"
)

// builtin holds the templates that serve where a policy has none of its own.
//
//go:embed templates/*.tmpl
var builtin embed.FS

// maxPart is the largest rendered part in bytes. A template that repeats itself
// must not fill the memory.
const maxPart = 256 << 10

// ErrTooLarge means that a rendered part is larger than 256 KiB.
var ErrTooLarge = errors.New("rendered mail is too large")

// ErrTemplate means that a template can't be parsed or executed.
var ErrTemplate = errors.New("template can't be used")

// Rendered is the content of one mail.
type Rendered struct {
	// Subject is one line without control characters.
	Subject string
	// Text is the plain part.
	Text string
	// HTML is the alternative part.
	HTML string
}

// Templates renders mails of every kind.
type Templates struct {
	kinds map[string]kindTemplates
}

type executor interface {
	Execute(w io.Writer, data any) error
}

type kindTemplates struct{ subject, text, html executor }

// ParseTemplates reads the templates of every kind, from overrides where they
// have the key "<kind>.subject", "<kind>.text" or "<kind>.html", else the
// built-in ones. Each is tried on a sample, so that a template that could not be
// executed is refused here, with ErrTemplate, and not when a mail is due.
func ParseTemplates(overrides map[string]string) (*Templates, error) {
	t := &Templates{kinds: map[string]kindTemplates{}}
	for _, kind := range Kinds() {
		k, err := parseKind(kind, overrides)
		if err != nil {
			return nil, err
		}
		t.kinds[kind] = k
		sample, err := sampleOf(kind)
		if err != nil {
			return nil, fmt.Errorf("kind %s: %w", kind, err)
		}
		if _, err := k.render(sample); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Render makes the mail of a row's kind from its data. ErrUnknownKind and
// ErrBadData are the row's fault, ErrTemplate and ErrTooLarge the template's.
func (t *Templates) Render(kind string, data json.RawMessage) (Rendered, error) {
	k, ok := t.kinds[kind]
	if !ok {
		return Rendered{}, ErrUnknownKind
	}
	decoded, err := decode(kind, data)
	if err != nil {
		return Rendered{}, err
	}
	return k.render(decoded)
}

func parseKind(kind string, overrides map[string]string) (kindTemplates, error) {
	var k kindTemplates
	for _, part := range []struct {
		name string
		into *executor
		html bool
	}{{"subject", &k.subject, false}, {"text", &k.text, false}, {"html", &k.html, true}} {
		name := kind + "." + part.name
		source, err := sourceOf(name, overrides)
		if err != nil {
			return kindTemplates{}, err
		}
		if *part.into, err = parse(name, source, part.html); err != nil {
			return kindTemplates{}, fmt.Errorf("%w: %w", ErrTemplate, err)
		}
	}
	return k, nil
}

func sourceOf(name string, overrides map[string]string) (string, error) {
	if s, ok := overrides[name]; ok {
		return s, nil
	}
	b, err := builtin.ReadFile("templates/" + name + ".tmpl")
	if err != nil {
		return "", fmt.Errorf("built-in template %s: %w", name, err)
	}
	return string(b), nil
}

func parse(name, source string, html bool) (executor, error) {
	if html {
		return htmltemplate.New(name).Option("missingkey=error").Parse(source)
	}
	return texttemplate.New(name).Option("missingkey=error").Parse(source)
}

func (k kindTemplates) render(data any) (Rendered, error) {
	subject, err := execute(k.subject, data)
	if err != nil {
		return Rendered{}, err
	}
	text, err := execute(k.text, data)
	if err != nil {
		return Rendered{}, err
	}
	html, err := execute(k.html, data)
	if err != nil {
		return Rendered{}, err
	}
	r := Rendered{Subject: subjectLine(subject), Text: text, HTML: html}
	if r.Subject == "" || r.Text == "" {
		return Rendered{}, fmt.Errorf("%w: subject or text is empty", ErrTemplate)
	}
	return r, nil
}

func execute(t executor, data any) (string, error) {
	var b bounded
	if err := t.Execute(&b, data); err != nil {
		if errors.Is(err, ErrTooLarge) {
			return "", ErrTooLarge
		}
		return "", fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return b.buf.String(), nil
}

// bounded does not embed its buffer: the buffer's WriteString would go around
// the bound.
type bounded struct{ buf bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.buf.Len()+len(p) > maxPart {
		return 0, ErrTooLarge
	}
	return b.buf.Write(p)
}
