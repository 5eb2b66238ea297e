package strangers

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// wire is a connection that sends whatever it is told to.
type wire struct {
	t      *testing.T
	conn   net.Conn
	method string // of the request that is answered; POST when empty
}

// dial connects, from a local address unless that is empty.
func (x *target) dial(t *testing.T, local string) *wire {
	t.Helper()
	conn, err := x.connect(local)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // closed before, as a rule
	return &wire{t: t, conn: conn}
}

func (x *target) connect(local string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	if local != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(local)}
	}
	if !x.tls {
		return d.Dial("tcp", x.addr)
	}
	return tls.DialWithDialer(&d, "tcp", x.addr, insecure("http/1.1"))
}

// write sends text as it is. That the other side has closed is seen when reading.
func (w *wire) write(text string) { _, _ = io.WriteString(w.conn, text) }

// answers reads until the other side closes, or says nothing for a while, and
// tells which of both it was.
func (w *wire) answers(silence time.Duration) (replies []reply, closed bool) {
	w.t.Helper()
	r := bufio.NewReader(deadlined{w.conn, silence})
	for {
		if _, err := r.Peek(1); err != nil {
			return replies, !errors.Is(err, errSilence)
		}
		resp, err := http.ReadResponse(r, &http.Request{Method: w.method})
		if err != nil {
			w.t.Errorf("what came is no answer: %v", err)
			return replies, true
		}
		if resp.StatusCode < http.StatusOK {
			continue // it goes on
		}
		answer, err := read(resp)
		if err != nil && !errors.Is(err, syscall.ECONNRESET) { // who is closed on may lose the end
			w.t.Errorf("answer cut off: %v", err)
		}
		replies = append(replies, answer)
	}
}

var errSilence = errors.New("nothing came")

// deadlined gives up a read after some silence.
type deadlined struct {
	conn    net.Conn
	silence time.Duration
}

func (d deadlined) Read(p []byte) (int, error) {
	if err := d.conn.SetReadDeadline(time.Now().Add(d.silence)); err != nil {
		return 0, err
	}
	n, err := d.conn.Read(p)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		err = errSilence
	}
	return n, err
}

// raw is a whole request with the length of its body.
func raw(path string, h http.Header, body []byte) string {
	return head("POST "+path+" HTTP/1.1", h, fmt.Sprintf("Content-Length: %d", len(body))) + string(body)
}

// head is the beginning of a request, with lines as they are.
func head(first string, h http.Header, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\r\nHost: shop.example\r\n", first)
	_ = jsonHeader(h).Write(&b) // a builder takes everything
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	return b.String() + "\r\n"
}

// closeWrite says that nothing more comes.
func closeWrite(t *testing.T, w *wire) {
	t.Helper()
	half, ok := w.conn.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("the connection can't be closed on one side")
	}
	if err := half.CloseWrite(); err != nil {
		t.Error(err)
	}
}
