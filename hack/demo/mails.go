package main

import (
	"context"
	"fmt"
	"time"
)

// mails waits for the confirmations, shows one, and counts the others.
func (s *scene) mails(ctx context.Context, r *report, deliveries []delivery) error {
	wanted := subjects(deliveries)
	say("The mail, as received")
	if err := s.awaitMails(ctx, len(wanted)); err != nil {
		return err
	}
	messages := s.stack.SMTP.Messages()
	if len(messages) > 0 {
		fmt.Printf("%s\n  … and %d more\n", messages[0].Data, len(messages)-1)
	}
	got, encrypted := map[string]int{}, true
	for _, m := range messages {
		got[m.Header("Subject")]++
		encrypted = encrypted && m.TLS
	}
	held := len(messages) == len(wanted)
	for _, subject := range wanted {
		held = held && got[subject] == 1
	}
	r.expect(held, "%d confirmations, one for each order that was bought", len(messages))
	r.expect(encrypted && len(messages) > 0, "all of them by TLS")
	return nil
}

// awaitMails returns when enough mails have arrived, or patience ends: the report
// says what is missing.
func (s *scene) awaitMails(ctx context.Context, enough int) error {
	deadline := time.After(patience)
	for len(s.stack.SMTP.Messages()) < enough {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// subjects of the confirmations, one for each order that has to be bought.
func subjects(deliveries []delivery) []string {
	var out []string
	for _, d := range unique(deliveries) {
		if d.bought > 0 {
			out = append(out, "Your order "+d.id+" has been placed")
		}
	}
	return out
}
