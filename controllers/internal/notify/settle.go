package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// policyRetry is how long a mail waits for its policy at most. Waiting mails are
// looked at seldom: each look costs a claim.
const policyRetry = 5 * time.Minute

// settle records an outcome.
func (w *Worker) settle(ctx context.Context, m ledger.ClaimedMail, r Result) {
	dead := w.isDead(m, r)
	w.report(m, r, dead)
	if r.Outcome == Unknown && !dead {
		// The claim is left to run out. The row is then claimed once more and
		// marked as unsure, just as if this process had died while sending.
		return
	}
	err := persist(ctx, func(ctx context.Context) error { return w.write(ctx, m, r, dead) })
	if err != nil {
		w.Log.Error(err, "The outcome of a mail could not be recorded; it may be sent again", "mail", m.ID, "kind", kindLabel(m))
	}
}

func (w *Worker) write(ctx context.Context, m ledger.ClaimedMail, r Result, dead bool) error {
	switch {
	case r.Outcome == Sent:
		return w.Outbox.MailSent(ctx, m.ID)
	case dead:
		// The alert comes first: a mail that were dead without one would be lost in
		// silence.
		if _, err := w.Outbox.RaiseAlert(ctx, alertOf(m, r)); err != nil {
			return fmt.Errorf("raise the alert of mail %d: %w", m.ID, err)
		}
		return w.Outbox.MailFailed(ctx, m.ID, r.Category, w.Now(), true)
	case r.Outcome == Waiting:
		next := w.Now().Add(policyRetry/2 + Backoff(1, policyRetry/2, policyRetry/2, rand.Int64N))
		return w.Outbox.MailPostponed(ctx, m.ID, next)
	default:
		return w.Outbox.MailFailed(ctx, m.ID, r.Category, w.Now().Add(w.backoff(m.Attempts)), false)
	}
}

// isDead tells whether a mail has come to its end unsent. A mail of unknown
// outcome is sent once more, because a customer rather reads it twice than
// never; but not a third time.
func (w *Worker) isDead(m ledger.ClaimedMail, r Result) bool {
	switch r.Outcome {
	case Refused:
		return true
	case Unknown:
		return m.Unsure
	case Deferred:
		return int(m.Attempts) >= w.MaxAttempts
	default:
		return false
	}
}

func (w *Worker) report(m ledger.ClaimedMail, r Result, dead bool) {
	outcome := string(r.Outcome)
	if dead {
		outcome = "dead"
	}
	w.Log.Info("Mail "+outcome, "mail", m.ID, "kind", kindLabel(m), "attempt", m.Attempts,
		"category", r.Category, "code", r.Code, "unsure", m.Unsure)
	if w.Metrics != nil {
		w.Metrics.Mails.WithLabelValues(kindLabel(m), outcome).Inc()
	}
}

// kindLabel bounds the label: a row may hold any kind.
func kindLabel(m ledger.ClaimedMail) string {
	if slices.Contains(Kinds(), m.Kind) {
		return m.Kind
	}
	return "other"
}

// alertOf folds the dead mails of one policy, kind and category into one alert:
// an outage of a mail server is one thing to mend, however many mails it killed.
func alertOf(m ledger.ClaimedMail, r Result) ledger.Alert {
	ns, policy, kind := m.Identity.Namespace, m.Policy, kindLabel(m)
	return ledger.Alert{
		Key:       fmt.Sprintf("mail-dead/%s/%s/%s/%s", ns, policy, kind, r.Category),
		Severity:  ledger.SeverityWarning,
		Kind:      "MailDead",
		Namespace: ns,
		Object:    policy,
		Summary: fmt.Sprintf("mail %d (%s) was not sent: %s, category %s, code %d, attempt %d",
			m.ID, kind, r.Outcome, r.Category, r.Code, m.Attempts),
		Runbook: "docs/notificationpolicy.md#dead-mails",
	}
}

// persist tries until ctx ends: an outcome that is not recorded makes a customer
// read the same mail twice. A row that has been erased takes no outcome any more.
func persist(ctx context.Context, write func(context.Context) error) error {
	pause := 50 * time.Millisecond
	for {
		err := write(ctx)
		if err == nil || errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		pause = min(2*pause, time.Second)
	}
}
