package webhookserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// pair is a certificate in files.
type pair struct {
	t         *testing.T
	cert, key string
}

func newPair(t *testing.T) *pair {
	t.Helper()
	dir := t.TempDir()
	p := &pair{t: t, cert: filepath.Join(dir, "tls.crt"), key: filepath.Join(dir, "tls.key")}
	p.issue(1)
	return p
}

// issue writes a new certificate over the old one.
func (p *pair) issue(serial int64) {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		p.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{p.key: {Type: "PRIVATE KEY", Bytes: keyDER}, p.cert: {Type: "CERTIFICATE", Bytes: der}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *pair) client(versions ...uint16) *tls.Config {
	p.t.Helper()
	raw, err := os.ReadFile(p.cert)
	if err != nil {
		p.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	c := &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
	if len(versions) == 2 {
		c.MinVersion, c.MaxVersion = versions[0], versions[1]
	}
	return c
}

// httpClient speaks HTTP/2, or HTTP/1.1 alone.
func (p *pair) httpClient(http2 bool) *http.Client {
	tr := &http.Transport{TLSClientConfig: p.client(), ForceAttemptHTTP2: http2, Protocols: new(http.Protocols)}
	tr.Protocols.SetHTTP1(!http2)
	tr.Protocols.SetHTTP2(http2)
	p.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

func (p *pair) options(o *Options) { o.TLSCertFile, o.TLSKeyFile = p.cert, p.key }

// secure starts a server with TLS.
func secure(t *testing.T, source func(*v1alpha1.WebhookSource), change func(*Options)) (*harness, *pair, func() error) {
	t.Helper()
	p := newPair(t)
	h := prepared(t, source, func(o *Options) {
		p.options(o)
		if change != nil {
			change(o)
		}
	})
	stop := h.listen(t)
	h.http.URL = "https://" + h.server.Addr()
	return h, p, stop
}

// post sends a signed webhook by a client.
func (h *harness) post(c *http.Client, body string, from io.Reader) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodPost, h.http.URL+webPath, from)
	if err != nil {
		return nil, err
	}
	signedBy(h.t, signingSecret, h.clock(), body)(req)
	req.Header.Set("Content-Type", "application/json")
	return c.Do(req)
}

func TestWebhooksByTLS(t *testing.T) {
	h, p, _ := secure(t, nil, nil)
	for version, client := range map[int]*http.Client{1: p.httpClient(false), 2: p.httpClient(true)} {
		body := nativeBody(fmt.Sprint("A-", version))
		resp, err := h.post(client, body, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r := readReply(t, resp)
		if r.status != http.StatusAccepted || resp.ProtoMajor != version || r.header.Get("Strict-Transport-Security") != hsts {
			t.Errorf("HTTP/%d: %d %s %v", resp.ProtoMajor, r.status, r.body, r.header)
		}
	}
	if conn, err := tls.Dial("tcp", h.server.Addr(), p.client(tls.VersionTLS10, tls.VersionTLS11)); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if conn, err := tls.Dial("tcp", h.server.Addr(), p.client(tls.VersionTLS12, tls.VersionTLS12)); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	} else {
		_ = conn.Close()
	}
	clear := &http.Client{Timeout: patience}
	resp, err := clear.Get("http://" + h.server.Addr() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if r := readReply(t, resp); r.status != http.StatusBadRequest {
		t.Errorf("in clear it is answered %d", r.status)
	}
	if strings.Contains(h.logged(), "127.0.0.1") {
		t.Errorf("an address is logged: %s", h.logged())
	}
}

func TestAnswersInClearDoNotAskForTLS(t *testing.T) {
	h, _ := listening(t, nil, nil)
	if r := h.deliver(webPath, nativeBody("A-1")); r.header.Get("Strict-Transport-Security") != "" {
		t.Error("a proxy's business is not ours")
	}
}

func TestARenewedCertificateIsServed(t *testing.T) {
	h, p, _ := secure(t, nil, nil)
	serial := func() int64 {
		conn, err := tls.Dial("tcp", h.server.Addr(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			return 0
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Fatalf("serial %d", got)
	}
	p.issue(2)
	eventually(t, func() bool { return serial() == 2 })
}

func TestATLSServerNeedsItsCertificate(t *testing.T) {
	p := newPair(t)
	if err := os.WriteFile(p.key, []byte("planted"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := prepared(t, nil, p.options)
	if err := h.server.Start(t.Context()); err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("error %v", err)
	}
	if err := (&Options{Client: h.client, Reader: h.client, Secrets: h.server.o.Secrets, Metrics: h.metrics, Now: h.clock, TLSCertFile: p.cert}).complete(); err == nil {
		t.Error("a certificate without its key is taken")
	}
}

func TestHTTP2SaysItsLimits(t *testing.T) {
	h, p, _ := secure(t, nil, nil)
	config := p.client()
	config.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", h.server.Addr(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	// The preface and empty settings; see RFC 9113, sections 3.4, 4.1 and 6.5.
	_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	var frame [9]byte
	if _, err := io.ReadFull(conn, frame[:]); err != nil || frame[3] != 4 {
		t.Fatalf("frame %v, error %v", frame, err)
	}
	payload := make([]byte, int(frame[1])<<8|int(frame[2]))
	if _, err := io.ReadFull(conn, payload); err != nil {
		t.Fatal(err)
	}
	got := map[uint16]uint32{}
	for ; len(payload) >= 6; payload = payload[6:] {
		got[binary.BigEndian.Uint16(payload)] = binary.BigEndian.Uint32(payload[2:])
	}
	for setting, most := range map[uint16]uint32{1: 4 << 10, 3: 100, 4: 64 << 10, 5: 16 << 10, 6: maxHeaderBytes + 4<<10} {
		if v, ok := got[setting]; !ok && setting != 1 || v > most {
			t.Errorf("setting %d is %d (%v), want at most %d", setting, v, ok, most)
		}
	}
}

func TestHTTP2HasItsDeadlineForEachBody(t *testing.T) {
	p := newPair(t)
	h := prepared(t, nil, p.options)
	h.server.pace = pace{first: 200 * time.Millisecond, whole: time.Second, step: 32 << 10}
	h.listen(t)
	h.http.URL = "https://" + h.server.Addr()
	client, body := p.httpClient(true), nativeBody("A-1")
	never, end := io.Pipe()
	resp, err := h.post(client, body, io.MultiReader(strings.NewReader("{"), never))
	_ = end.Close() // else the client waits for it
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, readReply(t, resp), http.StatusRequestTimeout, "body-timeout")
	// The other streams of the connection go on.
	resp, err = h.post(client, body, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r := readReply(t, resp); r.status != http.StatusAccepted || h.server.connections.number() != 1 {
		t.Errorf("%d %s by %d connections", r.status, r.body, h.server.connections.number())
	}
}

func TestSlowStreamsAndHandshakesKeepNobodyOut(t *testing.T) {
	h, p, _ := secure(t, nil, func(o *Options) { o.MaxConnections, o.MaxInFlight = 3, 1 })
	stranger := p.httpClient(true)
	stranger.Transport.(*http.Transport).DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext
	resp, err := stranger.Get(h.http.URL + "/healthz") // opens the one connection
	if err != nil {
		t.Fatal(err)
	}
	readReply(t, resp)
	never, end := io.Pipe()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if resp, err := h.post(stranger, "", never); err == nil {
				_ = resp.Body.Close()
			}
		})
	}
	defer wg.Wait()
	defer end.Close()
	eventually(t, func() bool { return h.server.bodies.arriving("127.0.0.2") == 20 })
	dial(t, h, "127.0.0.3") // shakes no hands
	dial(t, h, "127.0.0.3")
	eventually(t, func() bool { return h.server.connections.number() == 3 })
	body := nativeBody("A-1")
	resp, err = h.post(p.httpClient(true), body, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r := readReply(t, resp); r.status != http.StatusAccepted {
		t.Errorf("%d %s", r.status, r.body)
	}
	eventually(t, func() bool { return h.server.bodies.arriving("127.0.0.2") == 0 }) // its connection made room
}

func TestHTTP2RefusesPathTricksToo(t *testing.T) {
	h, p, _ := secure(t, nil, nil)
	client := p.httpClient(true)
	for _, target := range []string{"/webhooks/shop%2Fweb", "/webhooks/shop/x/../web", "//webhooks/shop/web", "/webhooks/shop/w%65b"} {
		req, err := http.NewRequest(http.MethodPost, h.http.URL, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = "//" + h.server.Addr() + target // sent as it is
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, readReply(t, resp), http.StatusNotFound, "not-found")
	}
	req, _ := http.NewRequest(http.MethodPost, h.http.URL+webPath, strings.NewReader("{}"))
	req.Header.Set("X-Long", strings.Repeat("a", 2*maxHeaderBytes))
	if resp, err := client.Do(req); err == nil {
		if r := readReply(t, resp); r.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a long header is answered %d", r.status)
		}
	}
}

func (s *connections) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}
