package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// sourceTry shows what a source makes of a body.
type sourceTry struct {
	env     Environment
	cluster connection

	name, body string
	file       string
	headers    []string
	output     string
	server     bool
}

func (t *sourceTry) run(ctx context.Context) error {
	write, err := writerOf(t.output)
	if err != nil {
		return err
	}
	if t.body == "-" && t.file == "-" {
		return errors.New("BODY and --filename can't both be standard input")
	}
	header, err := parseHeaders(t.headers)
	if err != nil {
		return err
	}
	src, err := t.load(ctx)
	if err != nil {
		return err
	}
	body, err := readFile(t.env.In, t.body, source.MaxBody(src))
	if err != nil {
		return err
	}
	orders, err := source.Preview(ctx, src, body, header)
	switch {
	case errors.Is(err, source.ErrIgnored):
		return t.note("ignored: eventFilter is false; the endpoint would answer 200")
	case err != nil:
		return explain(err)
	}
	if err := write(t.env.Out, orders); err != nil {
		return err
	}
	return t.rehearse(ctx, orders)
}

// load finds the source, and says what would keep the endpoint from serving it:
// its mapping can be tried all the same.
func (t *sourceTry) load(ctx context.Context) (*v1alpha1.WebhookSource, error) {
	src, err := t.find(ctx)
	if err != nil {
		return nil, err
	}
	if missing := source.Unsupported(src); missing != "" {
		return nil, fmt.Errorf("the source can't be served: not available: %s", missing)
	}
	return src, t.warn(src)
}

func (t *sourceTry) note(format string, args ...any) error {
	_, err := fmt.Fprintf(t.env.Err, format+"\n", args...)
	return err
}

func parseHeaders(lines []string) (http.Header, error) {
	out := http.Header{}
	for i, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if name = textproto.TrimString(name); !found || name == "" {
			// The line is not quoted: it may hold a token.
			return nil, fmt.Errorf("--header %d is not of the form 'name: value'", i+1)
		}
		out.Add(name, textproto.TrimString(value))
	}
	return out, nil
}
