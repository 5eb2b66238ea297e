package cut_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/cut"
)

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	return l.Addr().String()
}

func proxy(t *testing.T) *cut.Proxy {
	t.Helper()
	p, err := cut.New(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func dial(t *testing.T, p *cut.Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask sends a word and waits for it to come back.
func ask(conn net.Conn, wait time.Duration) error {
	if _, err := conn.Write([]byte("word")); err != nil {
		return err
	}
	return answer(conn, wait)
}

func answer(conn net.Conn, wait time.Duration) error {
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 4))
	return err
}

func set(t *testing.T, p *cut.Proxy, s cut.State) {
	t.Helper()
	if err := p.Set(s); err != nil {
		t.Fatal(err)
	}
}

func TestOnPassesBytes(t *testing.T) {
	if err := ask(dial(t, proxy(t)), time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedResetsAndRefuses(t *testing.T) {
	p := proxy(t)
	conn := dial(t, p)
	if err := ask(conn, time.Minute); err != nil {
		t.Fatal(err)
	}
	set(t, p, cut.Refused)
	if err := answer(conn, time.Minute); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the open connection ends with %v, want a reset", err)
	}
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new connection ends with %v, want a refusal", err)
	}
	set(t, p, cut.On)
	if err := ask(dial(t, p), time.Minute); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}

func TestBlackholeHoldsAndPassesOnLater(t *testing.T) {
	p := proxy(t)
	old := dial(t, p)
	if err := ask(old, time.Minute); err != nil {
		t.Fatal(err)
	}
	set(t, p, cut.Blackhole)
	young := dial(t, p)
	for name, conn := range map[string]net.Conn{"old": old, "young": young} {
		if err := ask(conn, 200*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the %s connection gets %v, want silence", name, err)
		}
	}
	set(t, p, cut.On)
	for name, conn := range map[string]net.Conn{"old": old, "young": young} {
		if err := answer(conn, time.Minute); err != nil {
			t.Errorf("the %s connection after the cut: %v", name, err)
		}
	}
}

func TestARefusalEndsABlackhole(t *testing.T) {
	p := proxy(t)
	set(t, p, cut.Blackhole)
	conn := dial(t, p)
	set(t, p, cut.Refused)
	if err := answer(conn, time.Minute); err == nil {
		t.Error("the connection is still open")
	}
	set(t, p, cut.On)
	if err := ask(dial(t, p), time.Minute); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}
