package ledger_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

func mail(n int, kind, transition string) ledger.Mail {
	return ledger.Mail{Identity: identity(n), Kind: kind, Transition: transition, Policy: "mails",
		Recipient: "someone@example.com", Data: []byte(`{"name": "Someone"}`)}
}

func (d *db) mustEnqueue(m ledger.Mail) {
	d.t.Helper()
	inserted, err := d.Enqueue(d.t.Context(), m)
	if err != nil || !inserted {
		d.t.Fatalf("enqueued %v, %v", inserted, err)
	}
}

func (d *db) mustClaim(limit int) []ledger.ClaimedMail {
	d.t.Helper()
	got, err := d.ClaimMails(d.t.Context(), limit, time.Minute)
	d.must(err)
	return got
}

func TestTheSameNewsIsQueuedOnce(t *testing.T) {
	d := newDB(t)
	for _, tc := range []struct {
		reason string
		mail   ledger.Mail
		want   bool
	}{
		{"first", mail(1, "shipped", "parcel-1"), true},
		{"the same again", mail(1, "shipped", "parcel-1"), false},
		{"a second parcel is other news", mail(1, "shipped", "parcel-2"), true},
		{"another kind", mail(1, "delivered", "parcel-1"), true},
		{"another order", mail(2, "shipped", "parcel-1"), true},
	} {
		if got, err := d.Enqueue(t.Context(), tc.mail); err != nil || got != tc.want {
			t.Errorf("%s: inserted %v, %v; want %v", tc.reason, got, err, tc.want)
		}
	}
	if n, err := d.OutboxPending(t.Context()); err != nil || n != 4 {
		t.Errorf("pending %d, %v; want 4", n, err)
	}
}

func TestTwoWorkersNeverClaimTheSameMail(t *testing.T) {
	d := newDB(t)
	const mails = 60
	for i := range mails {
		d.mustEnqueue(mail(i, "placed", "placed"))
	}
	workers := []*ledger.Ledger{d.Ledger, d.open(d.url)}
	claimed := make([][]ledger.ClaimedMail, 8)
	errs := make([]error, len(claimed))
	var wg sync.WaitGroup
	for i := range claimed {
		wg.Go(func() {
			for {
				got, err := workers[i%2].ClaimMails(t.Context(), 7, time.Minute)
				if err != nil || len(got) == 0 {
					errs[i] = err
					return
				}
				claimed[i] = append(claimed[i], got...)
			}
		})
	}
	wg.Wait()
	d.must(errors.Join(errs...))
	seen := map[int64]int{}
	for _, c := range claimed {
		for _, m := range c {
			seen[m.ID]++
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("mail %d claimed %d times", id, n)
		}
	}
	// SKIP LOCKED may show a worker nothing while others hold the rest.
	if rest := len(d.mustClaim(mails)); len(seen)+rest != mails {
		t.Errorf("%d mails claimed, %d left, want %d in all", len(seen), rest, mails)
	}
}

func TestAClaimThatRanOutIsUnsure(t *testing.T) {
	d := newDB(t)
	d.mustEnqueue(mail(1, "placed", "placed"))
	first := d.mustClaim(10)[0]
	if got := d.mustClaim(10); len(got) != 0 {
		t.Fatalf("claimed %d mails under another's lease", len(got))
	}
	d.clock.add(2 * time.Minute)
	second := d.mustClaim(10)
	want := first
	want.Unsure, want.Attempts = true, 2
	if diff := cmp.Diff([]ledger.ClaimedMail{want}, second); diff != "" {
		t.Error(diff)
	}
	if first.Unsure || !strings.HasPrefix(first.MessageID, "placed.") || !strings.HasSuffix(first.MessageID, "@zma-operator") {
		t.Errorf("first claim %+v", first)
	}
}

func TestMailsEndAsSentOrDead(t *testing.T) {
	d := newDB(t)
	id := func() int64 { return d.mustClaim(1)[0].ID }
	d.mustEnqueue(mail(1, "a", "t"))
	d.mustEnqueue(mail(1, "b", "t"))
	d.mustEnqueue(mail(1, "c", "t"))
	sent, dead, retried := id(), id(), id()
	d.must(d.MailSent(t.Context(), sent))
	d.must(d.MailSent(t.Context(), sent))
	// A late report of a failure can't bring a sent mail back.
	d.must(d.MailFailed(t.Context(), sent, "timeout", noon, false))
	d.must(d.MailFailed(t.Context(), dead, "recipient_refused", noon, true))
	d.must(d.MailFailed(t.Context(), retried, "greylisted", noon.Add(time.Hour), false))
	if got := d.mustClaim(10); len(got) != 0 {
		t.Fatalf("claimed %d mails before they were due", len(got))
	}
	states, err := d.MailStates(t.Context(), identity(1))
	d.must(err)
	want := map[string]string{"a": ledger.MailSent, "b": ledger.MailDead, "c": ledger.MailPending}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	d.clock.add(time.Hour)
	got := d.mustClaim(10)
	if len(got) != 1 || got[0].ID != retried || got[0].Attempts != 2 || got[0].Unsure {
		t.Errorf("claimed %+v, want the retried mail for the second time", got)
	}
	d.must(d.MailPostponed(t.Context(), retried, noon.Add(2*time.Hour)))
	d.clock.add(time.Hour)
	if got := d.mustClaim(10); len(got) != 1 || got[0].Attempts != 2 {
		t.Errorf("a postponed mail was counted as an attempt: %+v", got)
	}
	if err := d.MailSent(t.Context(), 1<<40); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("an unknown mail gave %v", err)
	}
}

func TestClaimsAreOldestFirst(t *testing.T) {
	d := newDB(t)
	for i := range 5 {
		d.mustEnqueue(mail(i, "placed", "t"))
		d.clock.add(-time.Minute)
	}
	d.clock.add(time.Hour)
	var got []string
	for _, m := range d.mustClaim(3) {
		got = append(got, m.Identity.ExternalID)
	}
	if diff := cmp.Diff([]string{"order-4", "order-3", "order-2"}, got); diff != "" {
		t.Error(diff)
	}
}
