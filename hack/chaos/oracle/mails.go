package oracle

import (
	"errors"
	"fmt"
)

// mails checks that an order's mails of one kind are one mail, whatever arrived
// how often, and that who gets goods hears of it. A mail may still wait: the pause
// after a failed one is longer than a run.
func (b *books) mails(s Script) error {
	var errs []error
	ids := map[string]map[string]bool{}
	for _, m := range b.Outbox {
		if m.ID != s.ID {
			continue
		}
		if ids[m.Kind] == nil {
			ids[m.Kind] = map[string]bool{}
		}
		ids[m.Kind][m.MessageID] = true
		if m.Dead {
			errs = append(errs, fmt.Errorf("the mail of kind %s was given up", m.Kind))
		}
	}
	for kind, set := range ids {
		if len(set) > 1 {
			errs = append(errs, fmt.Errorf("%d different mails of kind %s", len(set), kind))
		}
	}
	if len(b.purchases[s.Identity]) > 0 && ClassOf(s.Code) != Unknown && len(ids["confirmation"]) == 0 {
		errs = append(errs, errors.New("it was bought, and nobody is told"))
	}
	return errors.Join(errs...)
}

// unknownMails finds mails that arrived and that nobody meant to send.
func (b *books) unknownMails() error {
	meant := map[string]bool{}
	for _, m := range b.Outbox {
		meant[m.MessageID] = true
	}
	var errs []error
	for _, id := range b.MailsSeen {
		if !meant[id] {
			errs = append(errs, fmt.Errorf("a mail with the Message-ID %s arrived, which no outbox has", id))
		}
	}
	return errors.Join(errs...)
}
