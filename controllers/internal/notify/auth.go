package notify

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// Credentials log in to a mail server.
type Credentials struct {
	// Username at the server.
	Username string
	// Password of the user.
	Password string
}

// ErrUnencrypted means that a server wants a login without TLS. Nothing was
// sent to it.
var ErrUnencrypted = errors.New("no login over an unencrypted connection")

// ErrNoMechanism means that the server offers no login that we know.
var ErrNoMechanism = errors.New("server offers no known way to log in")

// tlsAuth logs in by the best way that the server offers, and never without
// TLS. The library's own ways except the server on localhost from that.
type tlsAuth struct {
	credentials Credentials
	chosen      smtp.Auth
}

// Start begins the login.
func (a *tlsAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, ErrUnencrypted
	}
	user, password := a.credentials.Username, a.credentials.Password
	switch {
	case slices.Contains(server.Auth, "SCRAM-SHA-256"):
		a.chosen = smtp.ScramSHA256Auth(user, password)
	case slices.Contains(server.Auth, "PLAIN"):
		a.chosen = smtp.PlainAuth("", user, password, server.Name, false)
	case slices.Contains(server.Auth, "LOGIN"):
		a.chosen = smtp.LoginAuth(user, password, server.Name, false)
	default:
		return "", nil, ErrNoMechanism
	}
	return a.chosen.Start(server)
}

// Next answers the server.
func (a *tlsAuth) Next(fromServer []byte, more bool) ([]byte, error) {
	return a.chosen.Next(fromServer, more)
}
