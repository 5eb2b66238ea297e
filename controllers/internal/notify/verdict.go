package notify

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"

	gomail "github.com/wneessen/go-mail"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Outcome is what became of one mail in one turn.
type Outcome string

const (
	// Sent means that the server took the message.
	Sent Outcome = "sent"
	// Deferred means that it was not taken, and may be later.
	Deferred Outcome = "deferred"
	// Refused means that it will never be taken.
	Refused Outcome = "refused"
	// Unknown means that the connection broke after the message was handed over,
	// before the server answered.
	Unknown Outcome = "unknown"
	// Waiting means that nothing was tried, because of the policy.
	Waiting Outcome = "waiting"
)

// Result is an outcome and why. It holds no text of the server, which may name
// the recipient.
type Result struct {
	// Outcome of the turn.
	Outcome Outcome
	// Category says where it failed; empty when sent.
	Category string
	// Code of the server's answer; 0 when there was none.
	Code int
}

// judge classifies what the library answered. A code of the 5xx class is the
// message's end only in answer to the message: a refused greeting or login is
// the server's or the policy's fault, and passes for every mail at once.
func judge(err error, mode v1alpha1.SMTPTLSMode) Result {
	var sendErr *gomail.SendError
	if errors.As(err, &sendErr) {
		return judgeSend(sendErr)
	}
	return Result{Outcome: Deferred, Category: sessionCategory(err, mode), Code: replyCode(err)}
}

func judgeSend(err *gomail.SendError) Result {
	code := err.ErrorCode()
	r := Result{Outcome: Deferred, Category: stage(err.Reason), Code: code}
	switch {
	case aboutSession(code):
		r.Category = "session"
	case code >= 500:
		r.Outcome = Refused
	case code == 0 && err.Reason == gomail.ErrSMTPDataClose:
		r.Outcome = Unknown
	case err.Reason == gomail.ErrGetRcpts, err.Reason == gomail.ErrGetSender:
		r.Outcome = Refused
	}
	return r
}

// needsLogin tells answers that ask for another login or for TLS, by RFC 4954
// and RFC 3207.
func needsLogin(code int) bool {
	return code == 530 || code == 534 || code == 535 || code == 538
}

// aboutSession tells answers that every mail would get: a missing login, and, by
// RFC 5321, commands that the server does not have or does not expect.
func aboutSession(code int) bool {
	return code == 502 || code == 503 || needsLogin(code)
}

func stage(r gomail.SendErrReason) string {
	switch r {
	case gomail.ErrSMTPMailFrom, gomail.ErrGetSender:
		return "sender"
	case gomail.ErrSMTPRcptTo, gomail.ErrGetRcpts:
		return "recipient"
	case gomail.ErrSMTPData, gomail.ErrSMTPDataClose, gomail.ErrWriteContent:
		return "data"
	default:
		return "connection"
	}
}

func sessionCategory(err error, mode v1alpha1.SMTPTLSMode) string {
	var certErr *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var reply *textproto.Error
	var netErr net.Error
	switch {
	case errors.Is(err, ErrUnencrypted), errors.As(err, &certErr), errors.As(err, &record):
		return "tls"
	case errors.Is(err, ErrNoMechanism), errors.As(err, &reply) && needsLogin(reply.Code):
		return "auth"
	case errors.As(err, &reply), errors.As(err, &netErr), errors.Is(err, io.EOF):
		return "connection"
	case mode == v1alpha1.SMTPStartTLS:
		// The library has no type for a server that does not offer STARTTLS.
		return "tls"
	default:
		return "connection"
	}
}

func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}
