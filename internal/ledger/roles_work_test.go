package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// secretWord is in everything personal that operate writes.
const secretWord = "planted"

// operate does what the controllers do in a namespace, each step once at least.
func (s *staff) operate(l *ledger.Ledger, namespace string) {
	s.t.Helper()
	of := func(n int) v1alpha1.Identity {
		return v1alpha1.Identity{Namespace: namespace, Source: "store", ExternalID: fmt.Sprintf("order-%d", n)}
	}
	for _, part := range []func(*ledger.Ledger, func(int) v1alpha1.Identity){s.spend, s.tell, s.record, s.read} {
		part(l, of)
	}
}

func (s *staff) spend(l *ledger.Ledger, of func(int) v1alpha1.Identity) {
	s.t.Helper()
	ctx := s.t.Context()
	reserve := func(n int) ledger.Reservation {
		r := reservation(n, 1)
		r.Identity, r.CustomerID = of(n), secretWord+"-customer"
		r.Limits.DailyCents = ptr(int64(1_000_000))
		return r
	}
	for n := 1; n <= 3; n++ {
		for _, already := range []bool{false, true} {
			if got, err := l.Reserve(ctx, reserve(n)); err != nil || got.Already != already {
				s.t.Fatalf("reserving: %+v, %v", got, err)
			}
		}
	}
	tooMuch := reserve(9)
	tooMuch.Limits.DailyCents = ptr(int64(1))
	if _, err := l.Reserve(ctx, tooMuch); kind(err) != "limit:"+ledger.LimitDaily {
		s.t.Fatalf("reserving too much: %v", err)
	}
	settle := settlement(1, 1)
	settle.Identity, settle.Record = of(1), []byte(`{"recipient": "`+secretWord+`"}`)
	s.must(l.Settle(ctx, settle))
	_, err := l.Refund(ctx, ledger.Refund{Identity: of(1), Attempt: 1, Reference: "refund-1", Cents: 50, Actor: "controller"})
	s.must(err)
	refuse := release(2, 1)
	refuse.Identity, refuse.Outcome = of(2), ledger.OutcomeRefused
	s.must(l.Release(ctx, refuse))
	lost := reserve(4)
	unreserved := settlement(4, 1)
	unreserved.Identity, unreserved.Lost = of(4), &lost
	s.must(l.Settle(ctx, unreserved))
	first, err := l.ClaimPayment(ctx, of(1), v1alpha1.PaymentProviderStripe, "pi-"+of(1).Namespace)
	if err != nil || !first {
		s.t.Fatalf("claiming a payment: %v, %v", first, err)
	}
}

func (s *staff) tell(l *ledger.Ledger, of func(int) v1alpha1.Identity) {
	s.t.Helper()
	ctx := s.t.Context()
	for n := 1; n <= 3; n++ {
		m := mail(n, "shipped", "parcel")
		m.Identity, m.Recipient, m.Data = of(n), secretWord+"@example.com", []byte(`{"name": "`+secretWord+`"}`)
		_, err := l.Enqueue(ctx, m)
		s.must(err)
	}
	claimed, err := l.ClaimMails(ctx, 3, time.Minute)
	if err != nil || len(claimed) != 3 {
		s.t.Fatalf("claimed %d mails, %v", len(claimed), err)
	}
	s.must(l.MailSent(ctx, claimed[0].ID))
	s.must(l.MailFailed(ctx, claimed[1].ID, "refused", s.clock.now(), true))
	s.must(l.MailPostponed(ctx, claimed[2].ID, s.clock.now().Add(time.Hour)))
	if states, err := l.MailStates(ctx, of(1)); err != nil || len(states) != 1 {
		s.t.Fatalf("mail states %v, %v", states, err)
	}
	_, err = l.OutboxPending(ctx)
	s.must(err)
	namespace := of(1).Namespace
	for range 2 {
		for _, kind := range []string{"stays", "goes"} {
			_, err = l.RaiseAlert(ctx, ledger.Alert{Key: namespace + kind, Severity: ledger.SeverityWarning, Kind: kind, Namespace: namespace,
				Object: secretWord, Summary: secretWord, Runbook: "runbook"})
			s.must(err)
		}
	}
	if open, err := l.OpenAlerts(ctx, namespace, "stays", "goes"); err != nil || len(open) != 2 {
		s.t.Fatalf("open alerts %v, %v", open, err)
	}
	if resolved, err := l.ResolveAlert(ctx, namespace+"goes"); err != nil || !resolved {
		s.t.Fatalf("resolved %v, %v", resolved, err)
	}
}

func (s *staff) record(l *ledger.Ledger, of func(int) v1alpha1.Identity) {
	s.t.Helper()
	ctx := s.t.Context()
	var seen []ledger.Snapshot
	for n := 1; n <= 3; n++ {
		o := order(n, of(n).Namespace, noon, 1)
		o.Namespace = of(n).Namespace
		o.Spec.Customer = v1alpha1.Customer{ID: secretWord + "-customer", Email: secretWord + "@example.com"}
		o.Spec.ShippingAddress.Line1, o.Spec.ShippingAddress.FirstName = secretWord+" street 7", secretWord
		o.Annotations = map[string]string{"note": secretWord}
		o.Status.Submission = &v1alpha1.Submission{Attempt: 1, RequestID: secretWord}
		o.Status.Conditions[0].Message = secretWord
		o.Status.History = []v1alpha1.Transition{{At: o.CreationTimestamp, Reason: "Submitting", Attempt: 1}}
		seen = append(seen, ledger.Snapshot{Order: o})
	}
	s.must(l.Mirror(ctx, seen))
	shorter := seen[1].Order.DeepCopy()
	shorter.ResourceVersion, shorter.Spec.Items = "2", shorter.Spec.Items[:1]
	s.must(l.Mirror(ctx, []ledger.Snapshot{{Order: shorter}, {Order: seen[2].Order, Deleted: true}}))
	entry := ledger.RecoveryEntry{Identity: of(1), Attempt: 1, Verb: "adopt", Reason: "asked for by hand", Result: secretWord,
		Actor: secretWord, StartedAt: noon}
	s.must(l.LogRecovery(ctx, entry))
	audit := ledger.AuditEntry{Actor: secretWord, Action: "order.recover", Namespace: of(1).Namespace, Object: "zo-1"}
	for range 2 {
		s.must(l.RecordRequest(ctx, entry, "adopt:"+secretWord, audit))
	}
	s.must(l.Audit(ctx, audit))
	sealed, err := l.NewAuditSealer().Seal(ctx)
	if err != nil || sealed.Blocks == 0 {
		s.t.Fatalf("sealed %+v, %v", sealed, err)
	}
	_, err = l.BeginEpoch(ctx, "restore", "someone")
	s.must(err)
}

func (s *staff) read(l *ledger.Ledger, of func(int) v1alpha1.Identity) {
	s.t.Helper()
	ctx, namespace := s.t.Context(), of(1).Namespace
	o := order(1, namespace, noon, 1)
	o.Namespace = namespace
	steps := map[string]func() error{
		"Ping":        func() error { return l.Ping(ctx) },
		"CheckSchema": func() error { return l.CheckSchema(ctx) },
		"History":     func() error { _, err := l.History(ctx, of(1)); return err },
		"Totals": func() error {
			_, err := l.Totals(ctx, ledger.TotalsQuery{Namespace: namespace, Account: "main", From: noon, To: noon, By: ledger.ByDay, EachCustomer: true})
			return err
		},
		"CostSummary":  func() error { _, err := l.CostSummary(ctx, namespace); return err },
		"AccountSpend": func() error { _, err := l.AccountSpend(ctx, namespace, "main", "UTC"); return err },
		"Customer":     func() error { _, err := l.Customer(ctx, o, time.Hour); return err },
		"SweepAttempts": func() error {
			_, err := l.SweepAttempts(ctx, namespace, noon.Add(-time.Hour), 100)
			return err
		},
		"OpenOrders": func() error { _, err := l.OpenOrders(ctx, namespace, v1alpha1.Identity{}, 10); return err },
		"StoredOrder": func() error {
			_, err := l.StoredOrder(ctx, namespace, v1alpha1.OrderNameFor("store", "order-1"))
			return err
		},
		"AuditHead": func() error {
			head, err := l.AuditHead(ctx)
			if err == nil {
				if holds, err := l.HoldsAuditHead(ctx, head); err != nil || !holds {
					return errors.Join(err, errors.New("the head is not held"))
				}
			}
			return err
		},
		"VerifyAudit": func() error { _, err := l.VerifyAudit(ctx, nil); return err },
	}
	for name, step := range steps {
		if err := step(); err != nil {
			s.t.Errorf("%s: %v", name, err)
		}
	}
}

// takeWebhooks does what the webhook endpoint does, while a controller listens.
func (s *staff) takeWebhooks(intake, controller *ledger.Ledger) {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	heard, ended := make(chan callback.Hint, 1000), make(chan error, 1)
	go func() { ended <- controller.ListenHints(ctx, func(h callback.Hint) { heard <- h }) }()
	hint := callback.Hint{Namespace: "shop", Order: "zo-1"}
	s.must(intake.CheckSchema(ctx))
	eventually(s.t, "a hint reaches the controller", func() bool {
		s.must(intake.InsertDeliveries(ctx, []ledger.Delivery{
			{At: noon, Namespace: "shop", Source: "store", Route: "/hooks/store", Status: 202, ClientHash: secretWord, WebhookID: secretWord, Hint: hint},
			{At: noon, Namespace: "outlet", Source: "store", Status: 401, SecurityEvent: "bad_signature", ExternalIDHash: secretWord},
			{At: noon, Status: 404},
		}))
		select {
		case got := <-heard:
			return got == hint
		default:
			return false
		}
	})
	stop()
	s.must(<-ended)
	for range 2 {
		s.clock.set(noon.Truncate(time.Minute)) // forgets, too
		_, err := intake.ShareRates(s.t.Context(), []ledger.RateUse{use("scope", time.Minute, time.Minute)})
		s.must(err)
	}
}
