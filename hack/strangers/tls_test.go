package strangers

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// encrypted target, started once: the same endpoint behind TLS, where HTTP/2 is
// spoken.
var encryptedTarget = sync.OnceValues(func() (*target, error) {
	w, err := ground()
	if err != nil {
		return nil, err
	}
	certificate, key := filepath.Join(w.dir, "tls.crt"), filepath.Join(w.dir, "tls.key")
	if err := writeCertificate(certificate, key); err != nil {
		return nil, err
	}
	x, err := w.open(context.Background(), "tls", "--webhook-tls-cert-file="+certificate, "--webhook-tls-key-file="+key)
	if err != nil {
		return nil, err
	}
	x.tls = true
	return x, nil
})

// theEncrypted target of a test.
func theEncrypted(t *testing.T) *target {
	t.Helper()
	x, err := encryptedTarget()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// writeCertificate makes one for 127.0.0.1 that nobody else trusts.
func writeCertificate(certificate, key string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "strangers"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
	)
}

// insecure trusts everybody: what is attacked is ours.
func insecure(protocols ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: protocols, MinVersion: tls.VersionTLS12}
}

// encrypted is an honest client by HTTP/2.
var encrypted = sync.OnceValue(func() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: insecure(), ForceAttemptHTTP2: true}}
})

// TestTLSIsNotWeakerThanToday refuses versions that are broken, and says nothing
// to who speaks in clear.
func TestTLSIsNotWeakerThanToday(t *testing.T) {
	x := theEncrypted(t)
	watch(t, x)
	for version, ok := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := insecure("h2", "http/1.1")
		config.MinVersion, config.MaxVersion = version, version
		conn, err := tls.Dial("tcp", x.addr, config)
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = conn.Close() // nothing is wanted of it
		}
	}
	clear := &target{Replica: x.Replica, world: x.world, addr: x.addr, log: x.log}
	p := x.world.party("bearer")
	c := clear.dial(t, "")
	c.write(raw(x.world.path(p.name), p.sign(p.secret.signing, message{}), body(newID())))
	if got, _ := c.answers(5 * time.Second); len(got) != 1 || got[0].status != http.StatusBadRequest {
		t.Errorf("in clear: %v", got)
	}
}
