package zma

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestPaidCallsShareNoConnection: a server that offers HTTP/2 is spoken to by
// HTTP/1.1, where a connection carries one paid call at a time.
func TestPaidCallsShareNoConnection(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerWith(200, nil, `{"request_id":"`+fmt.Sprint(r.ProtoMajor)+`"}`)(w, r)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	h := NewHTTPClient()
	h.Transport.(*http.Transport).TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if got := clientWith(t, s.URL, h).Submit(t.Context(), request()); got.RequestID != "1" {
		t.Errorf("Submit = %+v, want HTTP/1", got)
	}
}

// TestAConnectionThatDiedWhileIdle is reset by the server when the first byte of
// the next call comes over it. To net/http that looks like a connection that was
// dead before, on which it repeats what it may; the paid call is never of that.
func TestAConnectionThatDiedWhileIdle(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var connections atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go serveOnceAndReset(conn)
		}
	}()
	c := client(t, "http://"+l.Addr().String())
	if got := c.Submit(t.Context(), request()); got.Verdict != Accepted {
		t.Fatalf("first call: %+v", got)
	}
	if got := c.Submit(t.Context(), request()); got.Verdict != Unknown {
		t.Errorf("second call: %+v, want Unknown", got)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1: the call was repeated on another", n)
	}
}

// serveOnceAndReset answers one call, waits for the first byte of the next, and
// resets the connection.
func serveOnceAndReset(conn net.Conn) {
	defer func() { _ = conn.Close() }() // reset by then
	const answer = `{"request_id":"abc"}`
	in := bufio.NewReader(conn)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
	if _, err := in.Peek(1); err != nil {
		return
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
}

// TestReadsTellWhyTheyFailed: an error of a read keeps its cause.
func TestReadsTellWhyTheyFailed(t *testing.T) {
	s := httptest.NewServer(hijack(func(net.Conn) {}))
	t.Cleanup(s.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		url   string
		kind  Kind
		cause error
	}{
		"refused":            {t.Context(), gone.URL, KindNotSent, syscall.ECONNREFUSED},
		"cancelled before":   {ended, s.URL, KindNotSent, context.Canceled},
		"without an answer":  {t.Context(), s.URL, KindUnavailable, io.EOF},
		"at nothing that is": {t.Context(), "http://does-not-exist.invalid", KindNotSent, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, c.url).Get(c.ctx, "abc")
			var call *CallError
			if !errors.As(err, &call) || call.Kind != c.kind || c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("Get: %v, want %s by %v", err, c.kind, c.cause)
			}
		})
	}
}
