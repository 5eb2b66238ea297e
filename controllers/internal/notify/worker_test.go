package notify

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// policyFor is the shop's policy with a sink for its server.
func policyFor(s *sink, change ...func(*v1alpha1.NotificationPolicy)) *v1alpha1.NotificationPolicy {
	return policyOfShop(append(change, func(p *v1alpha1.NotificationPolicy) { p.Spec.SMTP.Port = int32(s.addr.Port) })...)
}

func TestAConfirmationReachesTheCustomer(t *testing.T) {
	cert, pemBytes := newCert(t, "")
	s := startSink(t, sinkOptions{cert: cert, password: "hunter2hunter2"})
	e := newEnv(t, policyFor(s, func(p *v1alpha1.NotificationPolicy) {
		p.Spec.SMTP.TLS = v1alpha1.SMTPStartTLS
		p.Spec.SMTP.CARef = &v1alpha1.SecretKeyReference{Name: "ca", Key: "ca.crt"}
		p.Spec.SMTP.SecretRef = &v1alpha1.LocalReference{Name: "login"}
	}), secret("ca", "ca.crt", string(pemBytes)), secret("login", "username", "mailer", "password", "hunter2hunter2"))
	id := e.enqueue(1)
	e.start(e.worker())

	eventually(t, "the mail is sent", func() bool { return e.state(id, KindConfirmation) == ledger.MailSent })
	got := s.received()
	if len(got) != 1 {
		t.Fatalf("%d messages arrived", len(got))
	}
	h := got[0].header(t)
	var messageID string
	e.query("SELECT message_id FROM email_outbox", &messageID)
	if h.Get("Message-ID") != "<"+messageID+">" {
		t.Errorf("Message-ID %s, want that of the row, %s", h.Get("Message-ID"), messageID)
	}
	if h.Get("To") != "<ada@example.com>" || !strings.Contains(h.Get("From"), "<orders@shop.test>") ||
		h.Get("Subject") != "Your order order-1 has been placed" || h.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("unexpected headers: %v", h)
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "multipart/alternative") {
		t.Errorf("content type %s", h.Get("Content-Type"))
	}
	if got[0].from != "orders@shop.test" || len(got[0].to) != 1 || !got[0].tls {
		t.Errorf("envelope %s → %v, encrypted %v", got[0].from, got[0].to, got[0].tls)
	}
	if log := e.logged.all(); strings.Contains(log, "ada@") || strings.Contains(log, "Byron") {
		t.Errorf("the log names the customer: %s", log)
	}
	if n := testutil.ToFloat64(e.metrics.Mails.WithLabelValues(KindConfirmation, "sent")); n != 1 {
		t.Errorf("%v mails counted as sent", n)
	}
}

func TestHostileFieldsMakeNoHeadersAndNoRecipients(t *testing.T) {
	s := startSink(t, sinkOptions{})
	e := newEnv(t, policyFor(s))
	m, _, err := ConfirmationMail(placedOrder(hostile), policyOfShop())
	if err != nil {
		t.Fatal(err)
	}
	id := e.enqueue(1, func(row *ledger.Mail) { row.Data = m.Data })
	e.start(e.worker())

	eventually(t, "the mail is sent", func() bool { return e.state(id, KindConfirmation) == ledger.MailSent })
	got := s.received()[0]
	if h := got.header(t); h.Get("Bcc") != "" || len(got.to) != 1 || got.to[0] != "ada@example.com" {
		t.Errorf("Bcc %q, envelope %v", h.Get("Bcc"), got.to)
	}
}

func TestGreylistingPasses(t *testing.T) {
	s := startSink(t, sinkOptions{onRcpt: func(n int) error {
		if n <= 2 {
			return &smtp.SMTPError{Code: 451, Message: "come back later"}
		}
		return nil
	}})
	e := newEnv(t, policyFor(s))
	id := e.enqueue(1)
	e.start(e.worker())

	eventually(t, "the mail is sent", func() bool {
		e.clock.advance(time.Second)
		return e.state(id, KindConfirmation) == ledger.MailSent
	})
	if n := len(s.received()); n != 1 || e.alerts() != 0 {
		t.Errorf("%d messages arrived, %d alerts are open", n, e.alerts())
	}
}

func TestMailsThatEndUnsentRaiseOneAlert(t *testing.T) {
	refuse := func(code int) func(int) error {
		return func(int) error { return &smtp.SMTPError{Code: code, Message: "no <ada@example.com>"} }
	}
	cases := map[string]struct {
		sink   sinkOptions
		row    func(*ledger.Mail)
		worker func(*Worker)
		policy bool
	}{
		"refused for good":     {sink: sinkOptions{onRcpt: refuse(550)}, policy: true},
		"deferred too often":   {sink: sinkOptions{onRcpt: refuse(451)}, policy: true, worker: func(w *Worker) { w.MaxAttempts = 3 }},
		"of an unknown kind":   {row: func(m *ledger.Mail) { m.Kind = "birthday" }},
		"to no single address": {row: func(m *ledger.Mail) { m.Recipient = "a@example.com, b@example.com" }},
		"with unreadable data": {row: func(m *ledger.Mail) { m.Data = json.RawMessage(`{"items": 5}`) }, policy: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := startSink(t, tc.sink)
			var objects []client.Object
			if tc.policy {
				objects = append(objects, policyFor(s))
			}
			e := newEnv(t, objects...)
			change := func(m *ledger.Mail) {
				if tc.row != nil {
					tc.row(m)
				}
			}
			first, second := e.enqueue(1, change), e.enqueue(2, change)
			w := e.worker()
			if tc.worker != nil {
				tc.worker(w)
			}
			e.start(w)
			eventually(t, "both mails are dead", func() bool {
				e.clock.advance(time.Second)
				return dead(e, first) && dead(e, second)
			})
			if e.alerts() != 1 {
				t.Errorf("%d alerts are open, want one for both mails", e.alerts())
			}
			if n := len(s.received()); n != 0 {
				t.Errorf("%d messages arrived", n)
			}
			var summary string
			e.query("SELECT summary FROM admin_alerts", &summary)
			if strings.Contains(summary+e.logged.all(), "@example.com") {
				t.Errorf("alert or log name the recipient: %s", summary)
			}
		})
	}
}

func dead(e *env, id v1alpha1.Identity) bool {
	return e.state(id, KindConfirmation) == ledger.MailDead || e.state(id, "birthday") == ledger.MailDead
}

func TestAConnectionLostAfterTheEndSendsOnceMoreUnderTheSameID(t *testing.T) {
	s := startSink(t, sinkOptions{dropAfterDot: func(n int) bool { return n == 1 }})
	e := newEnv(t, policyFor(s))
	id := e.enqueue(1)
	e.start(e.worker())

	eventually(t, "the first sending ended unknown", func() bool { return strings.Contains(e.logged.all(), "unknown") })
	e.clock.advance(testLease)
	eventually(t, "the mail is sent", func() bool { return e.state(id, KindConfirmation) == ledger.MailSent })
	got := s.received()
	if len(got) != 2 {
		t.Fatalf("%d messages arrived, want 2", len(got))
	}
	if a, b := got[0].header(t).Get("Message-ID"), got[1].header(t).Get("Message-ID"); a == "" || a != b {
		t.Errorf("Message-IDs %q and %q differ", a, b)
	}
}

func TestAnOutcomeUnknownTwiceIsTheEnd(t *testing.T) {
	s := startSink(t, sinkOptions{dropAfterDot: func(int) bool { return true }})
	e := newEnv(t, policyFor(s))
	id := e.enqueue(1)
	e.start(e.worker())

	eventually(t, "the mail is dead", func() bool {
		e.clock.advance(testLease)
		return e.state(id, KindConfirmation) == ledger.MailDead
	})
	if n := len(s.received()); n != 2 || e.alerts() != 1 {
		t.Errorf("%d messages arrived, want 2; %d alerts are open, want 1", n, e.alerts())
	}
}

func TestAProcessThatDiesBeforeTheRecordSendsOnceMore(t *testing.T) {
	s := startSink(t, sinkOptions{})
	e := newEnv(t, policyFor(s))
	id := e.enqueue(1)
	var died atomic.Bool
	e.start(e.worker(func(w *Worker) {
		w.AfterSend = func(context.Context, int64, Result) error {
			if died.CompareAndSwap(false, true) {
				return errors.New("died")
			}
			return nil
		}
	}))
	eventually(t, "the first sending is over", died.Load)
	e.clock.advance(testLease)
	eventually(t, "the mail is sent", func() bool { return e.state(id, KindConfirmation) == ledger.MailSent })
	if n := len(s.received()); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}
}

func TestTwoWorkersSendEachMailOnce(t *testing.T) {
	s := startSink(t, sinkOptions{})
	e := newEnv(t, policyFor(s))
	const mails = 60
	for n := range mails {
		e.enqueue(n)
	}
	e.start(e.worker())
	e.start(e.worker())
	eventually(t, "the outbox is empty", func() bool {
		n, err := e.ledger.OutboxPending(context.Background())
		return err == nil && n == 0
	})
	seen := map[string]int{}
	for _, m := range s.received() {
		seen[m.header(t).Get("Message-ID")]++
	}
	if len(seen) != mails || len(s.received()) != mails {
		t.Errorf("%d different mails of %d arrived in %d messages", len(seen), mails, len(s.received()))
	}
}

func TestMailsWaitForTheirPolicy(t *testing.T) {
	cases := map[string]struct {
		before func(*v1alpha1.NotificationPolicy)
		mend   func(t *testing.T, e *env, s *sink)
	}{
		"that is missing": {mend: func(t *testing.T, e *env, s *sink) { create(t, e, policyFor(s)) }},
		"that is suspended": {
			before: func(p *v1alpha1.NotificationPolicy) { p.Spec.Suspend = true },
			mend: func(t *testing.T, e *env, _ *sink) {
				edit(t, e, func(p *v1alpha1.NotificationPolicy) { p.Spec.Suspend = false })
			}},
		"whose Secret is missing": {
			before: func(p *v1alpha1.NotificationPolicy) {
				p.Spec.SMTP.CARef = &v1alpha1.SecretKeyReference{Name: "ca", Key: "ca.crt"}
			},
			mend: func(t *testing.T, e *env, _ *sink) {
				_, pemBytes := newCert(t, "")
				create(t, e, secret("ca", "ca.crt", string(pemBytes)))
			}},
		"whose template is broken": {
			before: func(p *v1alpha1.NotificationPolicy) { p.Spec.TemplatesRef = &v1alpha1.LocalReference{Name: "texts"} },
			mend: func(t *testing.T, e *env, _ *sink) {
				create(t, e, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "texts"},
					Data: map[string]string{"confirmation.subject": "Overridden {{.ExternalID}}"}})
			}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := startSink(t, sinkOptions{})
			var objects []client.Object
			if tc.before != nil {
				objects = append(objects, policyFor(s, tc.before))
			}
			e := newEnv(t, objects...)
			id := e.enqueue(1)
			e.start(e.worker(func(w *Worker) { w.MaxAttempts = 2 }))
			for range 4 {
				looks := strings.Count(e.logged.all(), "waiting")
				e.clock.advance(policyRetry)
				eventually(t, "it was looked at again", func() bool { return strings.Count(e.logged.all(), "waiting") > looks })
			}
			eventually(t, "the mail is pending", func() bool { return e.state(id, KindConfirmation) == ledger.MailPending })
			if n := len(s.received()); n != 0 {
				t.Fatalf("%d messages arrived", n)
			}
			tc.mend(t, e, s)
			eventually(t, "the mail is sent", func() bool {
				e.clock.advance(policyRetry)
				return e.state(id, KindConfirmation) == ledger.MailSent
			})
			if strings.Contains(name, "template") && !strings.HasPrefix(s.received()[0].header(t).Get("Subject"), "Overridden") {
				t.Error("the override was not used")
			}
		})
	}
}

func TestAWorkerThatIsToldToStopFinishesWhatItSends(t *testing.T) {
	sending, release := make(chan struct{}), make(chan struct{})
	s := startSink(t, sinkOptions{onData: func(n int) error {
		if n == 1 {
			close(sending)
			<-release
		}
		return nil
	}})
	e := newEnv(t, policyFor(s))
	id := e.enqueue(1)
	stop := e.start(e.worker())
	<-sending
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	late := e.enqueue(2)
	close(release)
	<-stopped
	if got := e.state(id, KindConfirmation); got != ledger.MailSent {
		t.Errorf("the mail under way is %s", got)
	}
	if got := e.state(late, KindConfirmation); got == ledger.MailSending {
		t.Errorf("a stopped worker left a claim behind")
	}
}

func TestAWakenedWorkerDoesNotWaitForItsInterval(t *testing.T) {
	s := startSink(t, sinkOptions{})
	e := newEnv(t, policyFor(s))
	wake := make(chan struct{}, 1)
	e.start(e.worker(func(w *Worker) { w.Interval, w.Wake = 24*time.Hour, wake }))
	id := e.enqueue(1)
	wake <- struct{}{}
	eventually(t, "the mail is sent", func() bool { return e.state(id, KindConfirmation) == ledger.MailSent })
}

func secret(name string, keysAndValues ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Data: map[string][]byte{}}
	for i := 0; i < len(keysAndValues); i += 2 {
		s.Data[keysAndValues[i]] = []byte(keysAndValues[i+1])
	}
	return s
}

func create(t *testing.T, e *env, o client.Object) {
	t.Helper()
	if err := e.client.Create(context.Background(), o); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, e *env, change func(*v1alpha1.NotificationPolicy)) {
	t.Helper()
	var p v1alpha1.NotificationPolicy
	if err := e.client.Get(context.Background(), client.ObjectKeyFromObject(policyOfShop()), &p); err != nil {
		t.Fatal(err)
	}
	change(&p)
	if err := e.client.Update(context.Background(), &p); err != nil {
		t.Fatal(err)
	}
}
