package verify

import "crypto/hmac"

// verify checks an HMAC over the body, and the time if there is one, in a header.
func (f hmacFormat) verify(r Request, secrets []Secret) (Result, error) {
	c, stamp, got := f.read(r.Header)
	return c.settle(r, match(secrets, func(value []byte) bool {
		secret, err := hmacSecret(value)
		mac := hmac.New(f.hash, secret)
		mac.Write([]byte(f.before + stamp + f.after))
		mac.Write(r.Body)
		return hmac.Equal(mac.Sum(nil), got) && err == nil
	}))
}

// hmacSecret checks a secret of the scheme hmac. It is used as text.
func hmacSecret(secret []byte) ([]byte, error) {
	return textSecret(secret, minTextBytes)
}
