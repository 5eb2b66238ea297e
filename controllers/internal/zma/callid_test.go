package zma

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestErrorsNameTheProvidersCall: its support asks for that name. What is no
// plain word stays out of the logs.
func TestErrorsNameTheProvidersCall(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		want   string
	}{
		"by one header":               {http.Header{"X-Request-Id": {"5f0c-1"}}, "5f0c-1"},
		"by the other":                {http.Header{"Request-Id": {"5f0c-2"}}, "5f0c-2"},
		"by the first of both":        {http.Header{"X-Request-Id": {"5f0c-1"}, "Request-Id": {"5f0c-2"}}, "5f0c-1"},
		"by the one that can be read": {http.Header{"X-Request-Id": {"a b"}, "Request-Id": {"5f0c-2"}}, "5f0c-2"},
		"not at all":                  {nil, ""},
		"not by a text":               {http.Header{"X-Request-Id": {"Ada Sample, 1 Main St"}}, ""},
		"not by a flood":              {http.Header{"X-Request-Id": {strings.Repeat("a", 65)}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for body, read := range map[string]func(Client) error{
				`<html>`:                  func(client Client) error { _, err := client.Get(t.Context(), "abc"); return err },
				`{"_type":"poem"}`:        func(client Client) error { _, err := client.Get(t.Context(), "abc"); return err },
				`{"request_id":"other"}`:  func(client Client) error { _, err := client.Case(t.Context(), "abc"); return err },
				`{"_type":"order_respon`:  func(client Client) error { _, err := client.Cancel(t.Context(), "abc", "112-1"); return err },
				`{"_type":"error","x":1}`: func(client Client) error { return client.Submit(t.Context(), request()).Err },
			} {
				err := read(serve(t, answerWith(200, c.header, body)))
				if err == nil || c.want != "" && !strings.Contains(err.Error(), "ID of the call "+c.want) || c.want == "" && strings.Contains(err.Error(), "ID of the call") {
					t.Errorf("%s: %v, want %q", body, err, c.want)
				}
			}
		})
	}
}

// TestAnAnswerThatBreaksOffNamesItsCall: its header has been read.
func TestAnAnswerThatBreaksOffNamesItsCall(t *testing.T) {
	c := serve(t, hijack(func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Request-Id: 5f0c-1\r\nContent-Length: 100\r\n\r\n{")
	}))
	_, err := c.Get(t.Context(), "abc")
	failsAs(t, err, "get", KindUnavailable, "")
	if !strings.Contains(err.Error(), "5f0c-1") {
		t.Errorf("error %v", err)
	}
}
