package verify

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestSecretsOfEachScheme(t *testing.T) {
	const (
		standard = v1alpha1.AuthStandardWebhooks
		stripe   = v1alpha1.AuthStripe
		bearer   = v1alpha1.AuthBearer
		hmac     = v1alpha1.AuthHMAC
	)
	private, public := keyPair(0)
	private = privateKeyPrefix + base64Text([]byte(private))
	bytes := func(n int) string { return base64Text(make([]byte, n)) }
	cases := map[string]struct {
		scheme v1alpha1.AuthScheme
		secret string
		usable bool
	}{
		"24 bytes":                         {standard, "whsec_" + bytes(24), true},
		"24 bytes, unprefixed":             {standard, bytes(24), true},
		"64 bytes":                         {standard, "whsec_" + bytes(64), true},
		"with white space around":          {standard, " \twhsec_" + bytes(24) + "\r\n", true},
		"a public key":                     {standard, public, true},
		"a public key with a line break":   {standard, public + "\n", true},
		"23 bytes":                         {standard, "whsec_" + bytes(23), false},
		"a prefix alone":                   {standard, "whsec_", false},
		"nothing":                          {standard, "", false},
		"no base64":                        {standard, "whsec_" + strings.Repeat("!", 40), false},
		"a private key":                    {standard, private, false},
		"a private key's seed":             {standard, privateKeyPrefix + base64Text(seed(0)), false},
		"a public key's prefix alone":      {standard, "whpk_", false},
		"a public key of 31 bytes":         {standard, "whpk_" + bytes(31), false},
		"a public key of 33 bytes":         {standard, "whpk_" + base64Text([]byte(strings.Repeat("k", 33))), false},
		"a public key without its padding": {standard, strings.TrimRight(public, "="), false},
		"a public key spelled otherwise":   {standard, public[:len(public)-2] + string(public[len(public)-2]+1) + "=", false},
		"a public key with a break inside": {standard, public[:20] + "\n" + public[20:], false},
		"a public key of zeros":            {standard, "whpk_" + bytes(32), false},
		"a symmetric public key":           {standard, "whsec_" + public, false},
		"a key of Stripe's API":            {standard, "sk_live_" + strings.Repeat("0", 24), false},
		"a provider's secret":              {standard, "zn_whsec_" + bytes(24), false},

		"Stripe's":                           {stripe, "whsec_" + strings.Repeat("a", 32), true},
		"Stripe's with a line break":         {stripe, "whsec_" + strings.Repeat("a", 32) + "\n", true},
		"Stripe's, of 16 characters":         {stripe, "whsec_" + strings.Repeat("a", 16), true},
		"Stripe's, of 15":                    {stripe, "whsec_" + strings.Repeat("a", 15), false},
		"Stripe's, of none":                  {stripe, "whsec_", false},
		"nothing, for Stripe":                {stripe, "", false},
		"Stripe's without its prefix":        {stripe, strings.Repeat("a", 32), false},
		"Stripe's with two lines":            {stripe, "whsec_" + strings.Repeat("a", 32) + "\nwhsec_" + strings.Repeat("b", 32), false},
		"a key of Stripe's API, for Stripe":  {stripe, "sk_live_" + strings.Repeat("0", 24), false},
		"a restricted key of Stripe's API":   {stripe, "rk_live_" + strings.Repeat("0", 24), false},
		"a publishable key of Stripe's API":  {stripe, "pk_live_" + strings.Repeat("0", 24), false},
		"a public key, for Stripe":           {stripe, public, false},
		"16 bytes":                           {hmac, strings.Repeat("s", 16), true},
		"16 bytes and a line break":          {hmac, strings.Repeat("s", 16) + "\r\n", true},
		"15 bytes":                           {hmac, strings.Repeat("s", 15), false},
		"15 bytes and a line break":          {hmac, strings.Repeat("s", 15) + "\n", false},
		"nothing, for hmac":                  {hmac, "", false},
		"spaces":                             {hmac, strings.Repeat(" ", 40), false},
		"a public key, for hmac":             {hmac, public, false},
		"a private key, for hmac":            {hmac, private, false},
		"32 characters":                      {bearer, strings.Repeat("t", 32), true},
		"32 characters and a line break":     {bearer, strings.Repeat("t", 32) + "\n", true},
		"31 characters":                      {bearer, strings.Repeat("t", 31), false},
		"nothing, for bearer":                {bearer, "", false},
		"a token with a space":               {bearer, strings.Repeat("t", 32) + " t", false},
		"a token with a control character":   {bearer, strings.Repeat("t", 32) + "\x7ft", false},
		"a token with a letter beyond ASCII": {bearer, strings.Repeat("t", 32) + "é", false},
		"a public key, for bearer":           {bearer, public, false},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			auth := v1alpha1.WebhookAuth{Scheme: tc.scheme}
			if tc.scheme == hmac {
				auth.HMAC = &v1alpha1.HMACScheme{Header: "X-Signature"}
			}
			err := CheckSecret(auth, []byte(tc.secret))
			if (err == nil) != tc.usable || err != nil && !errors.Is(err, ErrSecretUnusable) {
				t.Errorf("%v, want usable: %v", err, tc.usable)
			}
		})
	}
}

// What CheckSecret refuses must not verify either, even for a sender who signs
// with exactly that: with nothing, with a placeholder, with a public key.
func TestWeakSecretsNeverVerify(t *testing.T) {
	_, public := keyPair(0)
	weak := []string{"", "\n", "short", "whsec_", "whpk_", "whsk_", "whsec_c2hvcnQ=", public, public + "\n",
		privateKeyPrefix + base64Text(seed(0)), strings.Repeat("k", 15)}
	each(t, func(t *testing.T, s sender) {
		if _, secret := s.key(0); secret == public {
			t.Skip("a public key signs nothing")
		}
		weak := weak
		if s.auth.Scheme == v1alpha1.AuthStandardWebhooks {
			weak = append(weak, "whsec_"+base64Text(make([]byte, 23)))
		}
		for _, secret := range weak {
			for _, key := range keysOf(s, secret) {
				r := s.request(0)
				r.Header = s.sign(key, begin(), testBody)
				got, err := s.verify(r, []Secret{{Name: "weak", Value: []byte(secret)}})
				if !errors.Is(err, ErrUnauthenticated) {
					t.Errorf("secret %q, signed with %q: %+v, %v", secret, key, got, err)
				}
				if err := CheckSecret(s.auth, []byte(secret)); strings.TrimSpace(secret) != public && !errors.Is(err, ErrSecretUnusable) {
					t.Errorf("secret %q is called usable: %v", secret, err)
				}
			}
		}
	})
}

// keysOf are the keys that a careless verifier could have made of a secret. The
// signers of Standard Webhooks take base64.
func keysOf(s sender, secret string) []string {
	trimmed := strings.TrimSpace(secret)
	bare := trimmed[strings.LastIndex(trimmed, "_")+1:]
	keys := []string{secret, trimmed, bare, ""}
	if raw, err := base64.StdEncoding.DecodeString(bare); err == nil {
		keys = append(keys, string(raw))
	}
	if s.auth.Scheme == v1alpha1.AuthStandardWebhooks {
		for i := range keys {
			keys[i] = base64Text([]byte(keys[i]))
		}
	}
	return keys
}

func TestSecretErrorsDoNotQuoteTheSecret(t *testing.T) {
	planted := []string{"planted", "planted-secret-with-a-space in it, and long enough", "whsec_planted!", "whpk_planted", "whsk_planted"}
	each(t, func(t *testing.T, s sender) {
		for _, secret := range planted {
			if err := CheckSecret(s.auth, []byte(secret)); err != nil && strings.Contains(err.Error(), "planted") {
				t.Errorf("error %v", err)
			}
		}
	})
	if err := CheckSecret(authBy(v1alpha1.AuthBearer), []byte(planted[1])); err == nil {
		t.Error("nothing was refused")
	}
}

// Who pasted the wrong half of a pair is told so: it has to be made anew.
func TestAPrivateKeyIsCalledOne(t *testing.T) {
	for _, secret := range []string{"whsk_" + base64Text(seed(0)), " whsk_\n"} {
		if err := CheckSecret(authBy(v1alpha1.AuthStandardWebhooks), []byte(secret)); err == nil || !strings.Contains(err.Error(), "private key") {
			t.Errorf("%v", err)
		}
	}
}

// Secrets beside the one that matches change nothing, however bad they are.
func TestUnusableNeighboursChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, s sender) {
		secrets := []Secret{{Index: 0}, {Index: 1, Value: []byte("whpk_")}, {Index: 2, Value: []byte("\x00\xff")}}
		right := s.secrets(0)[0]
		right.Index = 3
		r := s.request(0)
		r.Now = r.Now.Add(time.Second)
		if got, err := s.verify(r, append(secrets, right)); err != nil || got.Index != 3 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
