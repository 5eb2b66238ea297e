package callback

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	expiry = time.Unix(1_800_000_000, 0)
	before = expiry.Add(-time.Hour)
	oldKey = bytes.Repeat([]byte{1}, MinKeyBytes)
	newKey = bytes.Repeat([]byte{2}, MinKeyBytes)
)

func claims() Claims {
	return Claims{Namespace: "shop", Account: "main", Order: "zo-a", Attempt: 2, Event: "request_failed", Expires: expiry}
}

func mint(t *testing.T, keyID string, key []byte, c Claims) string {
	t.Helper()
	token, err := Mint(keyID, key, c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerifyBindsEveryClaim(t *testing.T) {
	keys := map[string][]byte{"k1": oldKey}
	cases := map[string]struct {
		change func(*Claims)
		want   error
	}{
		"unchanged claims verify":         {func(*Claims) {}, nil},
		"expiry of the claims is ignored": {func(c *Claims) { c.Expires = time.Time{} }, nil},
		"another namespace":               {func(c *Claims) { c.Namespace = "shop2" }, ErrInvalid},
		"another account":                 {func(c *Claims) { c.Account = "main2" }, ErrInvalid},
		"another order":                   {func(c *Claims) { c.Order = "zo-b" }, ErrInvalid},
		"another attempt":                 {func(c *Claims) { c.Attempt = 1 }, ErrInvalid},
		"another event":                   {func(c *Claims) { c.Event = "request_succeeded" }, ErrInvalid},
		"an unknown event":                {func(c *Claims) { c.Event = "nonsense" }, ErrInvalid},
		"bytes moved between two fields": {func(c *Claims) {
			c.Namespace, c.Account = "sho", "pmain"
		}, ErrInvalid},
	}
	token := mint(t, "k1", oldKey, claims())
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			want := claims()
			tc.change(&want)
			if _, err := Verify(keys, token, want, before); !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
		})
	}
}

func TestVerifyExpiryEdges(t *testing.T) {
	token := mint(t, "k1", oldKey, claims())
	cases := map[string]struct {
		now  time.Time
		want error
	}{
		"one nanosecond before expiry is valid": {expiry.Add(-1), nil},
		"the second of expiry is too late":      {expiry, ErrExpired},
		"long after is too late":                {expiry.Add(time.Hour), ErrExpired},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			at, err := Verify(map[string][]byte{"k1": oldKey}, token, claims(), tc.now)
			if !errors.Is(err, tc.want) || !at.Equal(expiry) {
				t.Errorf("got %v, %v; want %v, %v", at, err, expiry, tc.want)
			}
		})
	}
}

func TestVerifyKeyRotation(t *testing.T) {
	old := mint(t, "k1", oldKey, claims())
	cases := map[string]struct {
		keys map[string][]byte
		want error
	}{
		"an old key that is still there verifies": {map[string][]byte{"k1": oldKey, "k2": newKey}, nil},
		"a removed key does not":                  {map[string][]byte{"k2": newKey}, ErrInvalid},
		"a replaced key does not":                 {map[string][]byte{"k1": newKey}, ErrInvalid},
		"the right key under another ID does not": {map[string][]byte{"k2": oldKey}, ErrInvalid},
		"a key cut short does not":                {map[string][]byte{"k1": oldKey[:31]}, ErrInvalid},
		"no keys at all":                          {nil, ErrInvalid},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			if _, err := Verify(tc.keys, old, claims(), before); !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
		})
	}
}

func TestVerifyRefusesEveryAlteredByte(t *testing.T) {
	keys := map[string][]byte{"k1": oldKey, "k2": newKey}
	token := mint(t, "k1", oldKey, claims())
	for i := range token {
		for _, c := range "AZaz09-_=." {
			altered := token[:i] + string(c) + token[i+1:]
			if altered == token {
				continue
			}
			if _, err := Verify(keys, altered, claims(), before); !errors.Is(err, ErrInvalid) {
				t.Fatalf("byte %d changed to %q: error %v, want ErrInvalid", i, c, err)
			}
		}
	}
	for _, altered := range []string{"", token[:len(token)-1], token + "A", token + "=", token + "\n", strings.Repeat("A", 1000)} {
		if _, err := Verify(keys, altered, claims(), before); !errors.Is(err, ErrInvalid) {
			t.Errorf("%d bytes: error %v, want ErrInvalid", len(altered), err)
		}
	}
}

func TestMintRefusesWhatWouldBeWeak(t *testing.T) {
	cases := map[string]struct {
		keyID string
		key   []byte
		c     Claims
	}{
		"no key":          {"k1", nil, claims()},
		"a short key":     {"k1", oldKey[:31], claims()},
		"no key ID":       {"", oldKey, claims()},
		"a long key ID":   {strings.Repeat("k", 254), oldKey, claims()},
		"no claims":       {"k1", oldKey, Claims{}},
		"no expiry":       {"k1", oldKey, func() Claims { c := claims(); c.Expires = time.Time{}; return c }()},
		"attempt zero":    {"k1", oldKey, func() Claims { c := claims(); c.Attempt = 0; return c }()},
		"unknown event":   {"k1", oldKey, func() Claims { c := claims(); c.Event = "x"; return c }()},
		"no order at all": {"k1", oldKey, func() Claims { c := claims(); c.Order = ""; return c }()},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			if token, err := Mint(tc.keyID, tc.key, tc.c); !errors.Is(err, ErrKey) || token != "" {
				t.Errorf("token %q, error %v; want ErrKey", token, err)
			}
		})
	}
}

func TestURLsHoldAllClaimsAndRepeat(t *testing.T) {
	first, err := URLs("https://hooks.example.com", "k1", oldKey, claims())
	if err != nil {
		t.Fatal(err)
	}
	again, err := URLs("https://hooks.example.com", "k1", oldKey, claims())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("a repeated submission would send other URLs:\n%s", diff)
	}
	if len(first) != len(Events()) {
		t.Fatalf("%d URLs for %d events", len(first), len(Events()))
	}
	for event, raw := range first {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if u.RawQuery != "" || u.Path != "/callbacks/v1/shop/main/zo-a" {
			t.Errorf("%s: path %q, query %q", event, u.Path, u.RawQuery)
		}
		gotEvent, attempt, ok := ParseUser(u.User.Username())
		if !ok || gotEvent != event || attempt != 2 {
			t.Errorf("%s: user name gives %q, %d, %v", event, gotEvent, attempt, ok)
		}
		token, _ := u.User.Password()
		want := claims()
		want.Event = event
		if _, err := Verify(map[string][]byte{"k1": oldKey}, token, want, before); err != nil {
			t.Errorf("%s: %v", event, err)
		}
	}
}

func TestURLsRefuseABadBase(t *testing.T) {
	for _, base := range []string{"", "hooks.example.com", "ftp://hooks.example.com", "https://", "://"} {
		if _, err := URLs(base, "k1", oldKey, claims()); !errors.Is(err, ErrKey) {
			t.Errorf("%q: error %v, want ErrKey", base, err)
		}
	}
}

func TestParseUserAcceptsOneSpelling(t *testing.T) {
	for _, user := range []string{"", "request_failed", "request_failed.", "request_failed.0", "request_failed.-1",
		"request_failed.02", "request_failed.+2", "request_failed.2.3", "nonsense.2", ".2"} {
		if _, _, ok := ParseUser(user); ok {
			t.Errorf("%q was accepted", user)
		}
	}
}

func FuzzVerify(f *testing.F) {
	token, err := Mint("k1", oldKey, claims())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("")
	keys := map[string][]byte{"k1": oldKey}
	f.Fuzz(func(t *testing.T, in string) {
		if _, err := Verify(keys, in, claims(), before); err == nil && in != token {
			t.Errorf("%q verifies beside the one token minted", in)
		}
	})
}
