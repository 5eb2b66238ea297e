package notify

import (
	"context"
	"crypto/x509"
	"net"
	"net/mail"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestSend(t *testing.T) {
	cert, pemBytes := newCert(t, "")
	other, otherPEM := newCert(t, "elsewhere.test")
	trust, trustOther := pool(t, pemBytes), pool(t, otherPEM)
	login := &Credentials{Username: "mailer", Password: "hunter2hunter2"}
	fails := func(code int) func(int) error {
		return func(int) error { return &smtp.SMTPError{Code: code, Message: "no <customer@example.com>"} }
	}

	cases := map[string]struct {
		sink    sinkOptions
		server  Server
		want    Result
		arrived int
		tls     bool
		logins  int
	}{
		"Opportunistic sends in the clear to a server without STARTTLS": {
			want: Result{Outcome: Sent}, arrived: 1},
		"Opportunistic encrypts when the server offers STARTTLS": {
			sink: sinkOptions{cert: cert}, server: Server{RootCAs: trust},
			want: Result{Outcome: Sent}, arrived: 1, tls: true},
		"a certificate of an unknown authority stops the mail, also under Opportunistic": {
			sink: sinkOptions{cert: cert}, server: Server{},
			want: Result{Outcome: Deferred, Category: "tls"}},
		"a certificate for another host stops the mail": {
			sink: sinkOptions{cert: other}, server: Server{RootCAs: trustOther},
			want: Result{Outcome: Deferred, Category: "tls"}},
		"StartTLS encrypts under the authority of the policy": {
			sink: sinkOptions{cert: cert}, server: Server{TLS: v1alpha1.SMTPStartTLS, RootCAs: trust},
			want: Result{Outcome: Sent}, arrived: 1, tls: true},
		"StartTLS sends nothing to a server without it": {
			server: Server{TLS: v1alpha1.SMTPStartTLS},
			want:   Result{Outcome: Deferred, Category: "tls"}},
		"TLS encrypts from the first byte": {
			sink:   sinkOptions{cert: cert, implicitTLS: true},
			server: Server{TLS: v1alpha1.SMTPTLS, RootCAs: trust},
			want:   Result{Outcome: Sent}, arrived: 1, tls: true},
		"a login goes over TLS": {
			sink:   sinkOptions{cert: cert, password: login.Password},
			server: Server{RootCAs: trust, Credentials: login},
			want:   Result{Outcome: Sent}, arrived: 1, tls: true, logins: 1},
		"a login goes over implicit TLS": {
			sink:   sinkOptions{cert: cert, implicitTLS: true, password: login.Password},
			server: Server{TLS: v1alpha1.SMTPTLS, RootCAs: trust, Credentials: login},
			want:   Result{Outcome: Sent}, arrived: 1, tls: true, logins: 1},
		"a password never leaves without TLS, not even to this machine": {
			sink:   sinkOptions{password: login.Password},
			server: Server{Credentials: login},
			want:   Result{Outcome: Deferred, Category: "tls"}},
		"a wrong password is no fault of the mail": {
			sink:   sinkOptions{cert: cert, password: "another"},
			server: Server{RootCAs: trust, Credentials: login},
			want:   Result{Outcome: Deferred, Category: "auth", Code: 535}, logins: 1},
		"a missing login is no fault of the mail": {
			sink: sinkOptions{password: "another"},
			want: Result{Outcome: Deferred, Category: "session", Code: 530}},
		"a greylisted recipient is tried again": {
			sink: sinkOptions{onRcpt: fails(451)},
			want: Result{Outcome: Deferred, Category: "recipient", Code: 451}},
		"a recipient that does not exist is refused for good": {
			sink: sinkOptions{onRcpt: fails(550)},
			want: Result{Outcome: Refused, Category: "recipient", Code: 550}},
		"a message refused after its end is refused for good": {
			sink: sinkOptions{onData: fails(554)},
			want: Result{Outcome: Refused, Category: "data", Code: 554}},
		"a message deferred after its end is tried again": {
			sink: sinkOptions{onData: fails(452)},
			want: Result{Outcome: Deferred, Category: "data", Code: 452}},
		"a connection lost after the message's end leaves the outcome unknown": {
			sink: sinkOptions{dropAfterDot: func(int) bool { return true }},
			want: Result{Outcome: Unknown, Category: "data"}, arrived: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := startSink(t, tc.sink)
			tc.server.Host, tc.server.Port, tc.server.Helo = "127.0.0.1", int32(s.addr.Port), "shop.test"
			got := sendOne(t, tc.server)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			arrived := s.received()
			if len(arrived) != tc.arrived {
				t.Fatalf("%d messages arrived, want %d", len(arrived), tc.arrived)
			}
			if tc.arrived > 0 && arrived[0].tls != tc.tls {
				t.Errorf("encrypted: %v, want %v", arrived[0].tls, tc.tls)
			}
			if s.loginCount() != tc.logins {
				t.Errorf("%d logins were tried, want %d", s.loginCount(), tc.logins)
			}
		})
	}
}

func TestAServerThatIsAwayDefersTheMail(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := int32(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got := sendOne(t, Server{Host: "127.0.0.1", Port: port, Helo: "shop.test"})
	if want := (Result{Outcome: Deferred, Category: "connection"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func sendOne(t *testing.T, s Server) Result {
	t.Helper()
	to, ok := recipientOf("customer@example.com")
	if !ok {
		t.Fatal("the recipient is refused")
	}
	settings := &Settings{Sender: &mail.Address{Address: "orders@shop.test"}, Server: s}
	msg, err := messageOf(ledger.ClaimedMail{MessageID: "confirmation.1@zma-operator"}, to, settings,
		Rendered{Subject: "Hello", Text: "Hello.\n", HTML: "<p>Hello.</p>"}, time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	return s.send(context.Background(), msg, 20*time.Second)
}

func pool(t *testing.T, pemBytes []byte) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(pemBytes) {
		t.Fatal("no certificate in the PEM")
	}
	return p
}
