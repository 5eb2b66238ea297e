package strangers

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// speaker of HTTP/2 that sends whatever frames it is told to.
type speaker struct {
	conn    *tls.Conn
	frames  *http2.Framer
	headers bytes.Buffer
	encoder *hpack.Encoder
	next    uint32 // stream
}

// speakHTTP2 connects from a local address and says hello.
func (x *target) speakHTTP2(local string) (*speaker, error) {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	conn, err := tls.DialWithDialer(&d, "tcp", x.addr, insecure(http2.NextProtoTLS))
	if err != nil {
		return nil, err
	}
	s := &speaker{conn: conn, frames: http2.NewFramer(conn, conn), next: 1}
	s.frames.AllowIllegalWrites = true
	s.encoder = hpack.NewEncoder(&s.headers)
	_, err = conn.Write([]byte(http2.ClientPreface))
	return s, errors.Join(err, s.frames.WriteSettings(), conn.SetDeadline(time.Now().Add(15*time.Second)))
}

// block encodes header fields, given as name and value by turns.
func (s *speaker) block(fields ...string) []byte {
	s.headers.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = s.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}) // a buffer takes everything
	}
	return bytes.Clone(s.headers.Bytes())
}

// request are the fields of a request with the right token, and more.
func (x *target) request(more ...string) []string {
	p := x.world.party("bearer")
	return append([]string{":method", "POST", ":scheme", "https", ":authority", "shop.example", ":path", x.world.path(p.name),
		"content-type", "application/json", "authorization", "Bearer " + p.secret.signing}, more...)
}

// open begins a stream with header fields.
func (s *speaker) open(end bool, fields ...string) (stream uint32, err error) {
	stream = s.next
	s.next += 2
	return stream, s.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: s.block(fields...), EndStream: end, EndHeaders: true})
}

// outcome of a stream: its status, or the code that stream or connection ended
// with.
func (s *speaker) outcome(stream uint32) string {
	decoder := hpack.NewDecoder(4096, nil)
	for {
		frame, err := s.frames.ReadFrame()
		if err != nil {
			return "closed"
		}
		switch f := frame.(type) {
		case *http2.HeadersFrame:
			fields, err := decoder.DecodeFull(f.HeaderBlockFragment())
			if err != nil {
				return err.Error()
			}
			if f.StreamID == stream && len(fields) > 0 {
				return fields[0].Value
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == stream {
				return "reset: " + f.ErrCode.String()
			}
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeNo {
				return "gone: " + f.ErrCode.String()
			}
		}
	}
}

// drain reads whatever comes, so that the other side can go on writing, and gives
// the code that it ends with, if it says one.
func (s *speaker) drain() (ended http2.ErrCode) {
	for {
		frame, err := s.frames.ReadFrame()
		if err != nil {
			return ended
		}
		if f, ok := frame.(*http2.GoAwayFrame); ok {
			ended = f.ErrCode
		}
	}
}

// TestAMalformedRequestByHTTP2MakesNothing sends, with the right token, what would
// become two requests, or another one, where it is passed on by HTTP/1.
func TestAMalformedRequestByHTTP2MakesNothing(t *testing.T) {
	x := theEncrypted(t)
	watch(t, x)
	right := func(more ...string) []string { return x.request(more...) }
	changed := func(name, value string) []string {
		fields := x.request()
		for i := 0; i < len(fields); i += 2 {
			if fields[i] == name {
				fields[i+1] = value
			}
		}
		return fields
	}
	without := func(name string) []string {
		var out []string
		fields := x.request()
		for i := 0; i < len(fields); i += 2 {
			if fields[i] != name {
				out = append(out, fields[i], fields[i+1])
			}
		}
		return out
	}
	path := x.world.path("bearer")
	hidden := strings.ReplaceAll(raw(path, x.world.party("bearer").sign(x.world.party("bearer").secret.signing, message{}), body(newID())), "\r\n", "\n")
	together(map[string][]string{
		"a transfer coding":                  right("transfer-encoding", "chunked"),
		"a connection header":                right("connection", "keep-alive"),
		"an upgrade":                         right("upgrade", "h2c"),
		"a length that is too short":         right("content-length", "1"),
		"a length that is too long":          right("content-length", "100000"),
		"a length that is none":              right("content-length", "+1"),
		"two lengths":                        right("content-length", "1", "content-length", "2"),
		"a line break in a value":            right("x-a", "b\r\ntransfer-encoding: chunked"),
		"a line break in a name":             right("x-a: b\r\nx-c", "d"),
		"a request in a value":               right("x-a", "b\n\n"+hidden),
		"a NUL in a value":                   right("x-a", "b\x00"),
		"a name in capitals":                 right("X-A", "b"),
		"a name with a colon":                right("x:a", "b"),
		"an empty name":                      right("", "b"),
		"the token twice":                    right("authorization", "Bearer other"),
		"a pseudo-header behind the others":  right(":path", "/other"),
		"an unknown pseudo-header":           right(":user", "admin"),
		"no path":                            without(":path"),
		"no method":                          without(":method"),
		"no scheme":                          without(":scheme"),
		"an empty path":                      changed(":path", ""),
		"a whole URL":                        changed(":path", "https://shop.example"+path),
		"a path with a line break":           changed(":path", path+" HTTP/1.1\r\nX-A: b"),
		"a path with a space":                changed(":path", path+" x"),
		"a path from above":                  changed(":path", "/x/.."+path),
		"a path with an encoded slash":       changed(":path", strings.Replace(path, "/", "%2f", 1)),
		"a star":                             changed(":path", "*"),
		"a method with a space":              changed(":method", "POST /x HTTP/1.1\r\n\r\nPOST"),
		"a tunnel":                           changed(":method", "CONNECT"),
		"a host with a line break":           changed(":authority", "shop.example\r\nX-A: b"),
		"a header of 100,000 bytes":          right("x-a", strings.Repeat("a", 100000)),
		"a thousand headers":                 right(strings.Split(strings.TrimSuffix(strings.Repeat("x-a,b,", 1000), ","), ",")...),
		"a content encoding":                 right("content-encoding", "gzip"),
		"a question for a protocol upgraded": right(":protocol", "websocket"),
	}, func(reason string, fields []string) {
		s, err := x.speakHTTP2("127.0.0.1")
		if err != nil {
			t.Errorf("%s: %v", reason, err)
			return
		}
		defer s.conn.Close()
		if got := s.attempt(fields, body(newID())); strings.HasPrefix(got, "2") || strings.HasPrefix(got, "3") {
			t.Errorf("%s: %s", reason, got)
		}
	})
}

// attempt sends a request with a body, its headers in as many frames as it takes.
func (s *speaker) attempt(fields []string, body []byte) string {
	block, stream := s.block(fields...), s.next
	s.next += 2
	const most = 16 << 10
	first := block[:min(len(block), most)]
	if err := s.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: first, EndHeaders: len(first) == len(block)}); err != nil {
		return "closed"
	}
	for rest := block[len(first):]; len(rest) > 0; {
		part := rest[:min(len(rest), most)]
		rest = rest[len(part):]
		if err := s.frames.WriteContinuation(stream, len(rest) == 0, part); err != nil {
			break // what it said before is read below
		}
	}
	_ = s.frames.WriteData(stream, true, body) // likewise
	return s.outcome(stream)
}

// TestHTTP2IsSpoken shows that the attacks meet what they are meant for.
func TestHTTP2IsSpoken(t *testing.T) {
	x := theEncrypted(t)
	w := watch(t, x)
	s, err := x.speakHTTP2("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.conn.Close()
	id := newID()
	if got := s.attempt(x.request("content-length", fmt.Sprint(len(body(id)))), body(id)); got != "202" {
		t.Fatal(got)
	}
	r := x.post(t, x.world.path("bearer"), x.world.party("bearer").sign(x.world.party("bearer").secret.signing, message{}), body(id))
	w.expect(r)
}
