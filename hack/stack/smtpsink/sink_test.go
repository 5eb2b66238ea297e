package smtpsink_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/smtp"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
)

const body = "From: a@example.com\r\nTo: b@example.com\r\nSubject: hi\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n"

func start(t *testing.T, o smtpsink.Options) *smtpsink.Server {
	t.Helper()
	s, err := smtpsink.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// send sends one mail, by STARTTLS when roots are given.
func send(t *testing.T, s *smtpsink.Server, roots *x509.CertPool) error {
	t.Helper()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if roots != nil {
		if err := c.StartTLS(&tls.Config{RootCAs: roots, ServerName: "localhost"}); err != nil {
			return err
		}
	}
	if err := c.Mail("a@example.com"); err != nil {
		return err
	}
	if err := c.Rcpt("b@example.com"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(body)); err != nil {
		return err
	}
	return w.Close()
}

func TestSinkKeepsWhatItReceives(t *testing.T) {
	s := start(t, smtpsink.Options{})
	if err := send(t, s, nil); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 || got[0].To[0] != "b@example.com" || got[0].TLS || got[0].Header("Subject") != "hi" || !strings.Contains(string(got[0].Data), "hello") {
		t.Errorf("messages = %+v", got)
	}
}

func TestSinkOffersTLS(t *testing.T) {
	s := start(t, smtpsink.Options{TLS: true})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CertPEM())
	if err := send(t, s, roots); err != nil {
		t.Fatal(err)
	}
	if got := s.Messages(); len(got) != 1 || !got[0].TLS {
		t.Errorf("messages = %+v", got)
	}
	if err := send(t, s, x509.NewCertPool()); err == nil {
		t.Error("the certificate must not be trusted by everybody")
	}
}

func TestSinkRefusesOnRequest(t *testing.T) {
	s := start(t, smtpsink.Options{Fail: func(n int) *gosmtp.SMTPError {
		if n > 1 {
			return nil
		}
		return &gosmtp.SMTPError{Code: 451, Message: "later"}
	}})
	if err := send(t, s, nil); err == nil || !strings.Contains(err.Error(), "451") {
		t.Errorf("first try: %v, want 451", err)
	}
	if err := send(t, s, nil); err != nil || len(s.Messages()) != 1 {
		t.Errorf("second try: %v with %d mails kept", err, len(s.Messages()))
	}
}

func TestSinkDropsAfterData(t *testing.T) {
	s := start(t, smtpsink.Options{DropAfterData: true})
	if err := send(t, s, nil); err == nil {
		t.Error("the sender must not learn that the mail was kept")
	}
	if len(s.Messages()) != 1 {
		t.Error("the mail must be kept all the same")
	}
}

func TestSinkWantsItsPassword(t *testing.T) {
	s := start(t, smtpsink.Options{Username: "u", Password: "p"})
	if err := send(t, s, nil); err == nil {
		t.Error("a mail without a password must be refused")
	}
}
