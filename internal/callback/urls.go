package callback

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// PathPrefix of all callbacks; namespace, account and order follow.
const PathPrefix = "/callbacks/v1/"

// URLs returns one callback URL for each of Events, for c without its event.
// The token travels in the user information, which clients turn into an
// Authorization header: paths and queries end up in access logs. The same
// arguments give the same URLs. The URLs are secrets: never log them.
func URLs(publicURL, keyID string, key []byte, c Claims) (map[string]string, error) {
	base, err := url.Parse(publicURL)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, fmt.Errorf("%w: public URL is not an http URL", ErrKey)
	}
	out := make(map[string]string, len(Events()))
	for _, event := range Events() {
		c.Event = event
		token, err := Mint(keyID, key, c)
		if err != nil {
			return nil, err
		}
		u := url.URL{
			Scheme: base.Scheme,
			Host:   base.Host,
			User:   url.UserPassword(User(event, c.Attempt), token),
			Path:   PathPrefix + c.Namespace + "/" + c.Account + "/" + c.Order,
		}
		out[event] = u.String()
	}
	return out, nil
}

// User is the user name of a callback URL: event and attempt.
func User(event string, attempt int64) string {
	return event + "." + strconv.FormatInt(attempt, 10)
}

// ParseUser reads event and attempt from a user name, and accepts only what
// User writes.
func ParseUser(user string) (event string, attempt int64, ok bool) {
	event, number, found := strings.Cut(user, ".")
	attempt, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil || attempt < 1 || !knownEvent(event) || User(event, attempt) != user {
		return "", 0, false
	}
	return event, attempt, true
}
