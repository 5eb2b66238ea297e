package strangers

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestACompressedOrMislabelledBodyIsRefused sends, with the right token, bodies in
// encodings and under names that another reader would take for something else.
func TestACompressedOrMislabelledBodyIsRefused(t *testing.T) {
	x := theWorld(t).main
	watch(t, x)
	p := x.world.party("bearer")
	var gz, zl bytes.Buffer
	z, d := gzip.NewWriter(&gz), zlib.NewWriter(&zl)
	// A megabyte of spaces before the order, in a kilobyte.
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{z, d} {
		if _, err := w.Write(append(bytes.Repeat([]byte(" "), 1<<20), body(newID())...)); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
	}
	plain := func() []byte { return body(newID()) }
	for reason, tc := range map[string]struct {
		name   string
		values []string
		body   []byte
		status int
	}{
		"gzip":                          {"Content-Encoding", []string{"gzip"}, gz.Bytes(), 415},
		"gzip in capitals":              {"Content-Encoding", []string{"GZIP"}, gz.Bytes(), 415},
		"x-gzip":                        {"Content-Encoding", []string{"x-gzip"}, gz.Bytes(), 415},
		"deflate":                       {"Content-Encoding", []string{"deflate"}, zl.Bytes(), 415},
		"br":                            {"Content-Encoding", []string{"br"}, []byte{0x0b, 0x02, 0x80, 0x7b, 0x7d, 0x03}, 415},
		"zstd":                          {"Content-Encoding", []string{"zstd"}, plain(), 415},
		"a list of encodings":           {"Content-Encoding", []string{"identity, gzip"}, gz.Bytes(), 415},
		"gzip behind identity":          {"Content-Encoding", []string{"identity", "gzip"}, gz.Bytes(), 415},
		"gzip behind nothing":           {"Content-Encoding", []string{"", "gzip"}, gz.Bytes(), 415},
		"an encoding that there is not": {"Content-Encoding", []string{"none"}, plain(), 415},
		"compressed, and not said":      {"Content-Encoding", nil, gz.Bytes(), 400},
		"text":                          {"Content-Type", []string{"text/plain"}, plain(), 415},
		"a form":                        {"Content-Type", []string{"application/x-www-form-urlencoded"}, plain(), 415},
		"a form in parts":               {"Content-Type", []string{"multipart/form-data; boundary=x"}, plain(), 415},
		"text that browsers may post":   {"Content-Type", []string{"text/plain; application/json"}, plain(), 415},
		"a list of types":               {"Content-Type", []string{"application/json, text/plain"}, plain(), 415},
		"two types":                     {"Content-Type", []string{"application/json", "text/plain"}, plain(), 415},
		"two types, JSON last":          {"Content-Type", []string{"text/plain", "application/json"}, plain(), 415},
		"no type":                       {"Content-Type", []string{""}, plain(), 415},
		"something like JSON":           {"Content-Type", []string{"application/json5"}, plain(), 415},
		"something else in JSON":        {"Content-Type", []string{"application/cloudevents+json"}, plain(), 415},
		"a patch":                       {"Content-Type", []string{"application/json-patch+json"}, plain(), 415},
		"every type":                    {"Content-Type", []string{"*/*"}, plain(), 415},
		"UTF-16":                        {"Content-Type", []string{"application/json; charset=utf-16"}, plain(), 415},
		"UTF-7":                         {"Content-Type", []string{"application/json; charset=utf-7"}, plain(), 415},
		"Latin-1":                       {"Content-Type", []string{"application/json; charset=iso-8859-1"}, plain(), 415},
		"two character sets":            {"Content-Type", []string{"application/json; charset=utf-8; charset=utf-16"}, plain(), 415},
		"a broken character set":        {"Content-Type", []string{`application/json; charset="utf-8`}, plain(), 415},
		"UTF-16, said to be UTF-8":      {"Content-Type", []string{"application/json; charset=utf-8"}, utf16le(string(plain())), 400},
	} {
		h := p.sign(p.secret.signing, message{})
		if tc.values != nil {
			h[tc.name] = tc.values
		}
		h = jsonHeader2(h)
		r, err := ask(t.Context(), x.client(), http.MethodPost, x.base()+x.world.path(p.name), h, tc.body)
		if err != nil || r.status != tc.status {
			t.Errorf("%s: %v, %v", reason, r, err)
		}
	}
}

// jsonHeader2 adds the media type only where a test has not said another, even an
// empty one.
func jsonHeader2(h http.Header) http.Header {
	if _, said := h["Content-Type"]; !said {
		h.Set("Content-Type", "application/json")
	}
	return h
}

// TestABodyThatIsTooLargeIsNotRead says or sends more than a source takes.
func TestABodyThatIsTooLargeIsNotRead(t *testing.T) {
	x := theWorld(t).main
	watch(t, x)
	p := x.world.party("bearer")
	path, h := x.world.path(p.name), p.sign(p.secret.signing, message{})
	spaces := strings.Repeat(" ", maxBody)
	for reason, text := range map[string]string{
		"by its length, nothing sent": head("POST "+path+" HTTP/1.1", h, "Content-Length: 1000000000000"),
		"by its length, one more":     raw(path, h, []byte(spaces+" ")),
		"by chunks": head("POST "+path+" HTTP/1.1", h, "Transfer-Encoding: chunked") +
			strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", 1<<12, spaces[:1<<12]), 20) + "0\r\n\r\n",
		"by one chunk that says it": head("POST "+path+" HTTP/1.1", h, "Transfer-Encoding: chunked") + "7fffffffffff\r\n" + spaces + spaces,
		"by an endless run of chunks of one byte": head("POST "+path+" HTTP/1.1", h, "Transfer-Encoding: chunked") +
			strings.Repeat("1\r\n \r\n", maxBody+10),
		"with an order at the beginning": raw(path, h, append(body(newID()), spaces...)),
	} {
		w := x.dial(t, "")
		go w.write(text) // the endpoint may stop reading before all is written
		got, _ := w.answers(5 * time.Second)
		if len(got) != 1 || got[0].status != http.StatusRequestEntityTooLarge || got[0].problem != "body-too-large" {
			t.Errorf("%s: %v", reason, got)
		}
		_ = w.conn.Close() // nothing more is wanted
	}
}

// TestABodyThatDoesNotArriveMakesNothing ends bodies before their end, or never.
func TestABodyThatDoesNotArriveMakesNothing(t *testing.T) {
	x := theWorld(t).main
	watch(t, x)
	p := x.world.party("bearer")
	path, h := x.world.path(p.name), p.sign(p.secret.signing, message{})
	whole := body(newID())
	longer := head("POST "+path+" HTTP/1.1", h, fmt.Sprintf("Content-Length: %d", len(whole)+1)) + string(whole)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(whole), whole)
	chunked := head("POST "+path+" HTTP/1.1", h, "Transfer-Encoding: chunked")
	type unfinished struct {
		text string
		hold bool // the connection stays open
	}
	together(map[string]unfinished{
		"a length beyond the body, closed":       {longer, false},
		"a length beyond the body, kept open":    {longer, true},
		"no last chunk, closed":                  {chunked + chunk, false},
		"no last chunk, kept open":               {chunked + chunk, true},
		"the last chunk without its end, closed": {chunked + chunk + "0\r\n", false},
		"the last chunk without its end, open":   {chunked + chunk + "0\r\n", true},
		"half a chunk, closed":                   {chunked + chunk[:len(chunk)/2], false},
		"no body at all, kept open":              {longer[:strings.Index(longer, "{")], true},
		"half a header, closed":                  {longer[:60], false},
		"half a header, kept open":               {longer[:60], true},
		"trailers without end, kept open":        {chunked + chunk + "0\r\n" + strings.Repeat("X-A: b\r\n", 10), true},
	}, func(reason string, tc unfinished) {
		w := x.dial(t, "")
		w.write(tc.text)
		if !tc.hold {
			closeWrite(t, w)
		}
		got, closed := w.answers(20 * time.Second)
		if len(got) > 1 || !closed || len(got) == 1 && !one(got[0].status, 400, 408) {
			t.Errorf("%s: %v, closed: %t", reason, got, closed)
		}
	})
}
