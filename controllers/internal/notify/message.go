package notify

import (
	"fmt"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// recipientOf reads a row's recipient as one bare address. A list or a display
// name would reach people that nobody meant, and a line break would make
// headers.
func recipientOf(s string) (*mail.Address, bool) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || line(s) != s {
		return nil, false
	}
	return a, true
}

// messageOf puts a mail together. Every header is set through the library, which
// encodes it, from values that are one line.
func messageOf(m ledger.ClaimedMail, to *mail.Address, s *Settings, r Rendered, now time.Time) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.Sender)
	msg.ToMailAddress(to)
	msg.Subject(r.Subject)
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(line(m.MessageID))
	// RFC 3834: keeps vacation answers from coming back.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, r.Text)
	if r.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, r.HTML)
	}
	if _, err := msg.GetRecipients(); err != nil {
		return nil, fmt.Errorf("mail %d: %w", m.ID, gomail.ErrNoRcptAddresses)
	}
	return msg, nil
}
