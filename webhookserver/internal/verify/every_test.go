package verify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// each runs a test for every sender.
func each(t *testing.T, run func(t *testing.T, s sender)) {
	for name, s := range senders() {
		t.Run(name, func(t *testing.T) { run(t, s) })
	}
}

// While a secret is rotated both verify, and the result names the one that did.
func TestTheSecretThatMatchedIsNamed(t *testing.T) {
	cases := map[string]struct {
		keys []int
		want int // index
	}{
		"the only one":      {[]int{0}, 0},
		"the first of five": {[]int{0, 1, 2, 3, 4}, 0},
		"one in the middle": {[]int{3, 1, 0, 4, 2}, 2},
		"the last of five":  {[]int{4, 3, 2, 1, 0}, 4},
		"the first of twins, as one Secret may be referred to twice": {[]int{1, 0, 0}, 1},
	}
	each(t, func(t *testing.T, s sender) {
		for reason, tc := range cases {
			got, err := s.verify(s.request(0), s.secrets(tc.keys...))
			want := Result{Index: tc.want, Secret: "shop/key-0"}
			if s.timed {
				want.SignedAt = begin()
			}
			if s.auth.Scheme == v1alpha1.AuthStandardWebhooks {
				want.MessageID = testID
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v, %s", reason, err, diff)
			}
		}
	})
}

func TestTheIndexIsThatOfTheReference(t *testing.T) {
	each(t, func(t *testing.T, s sender) {
		secrets := s.secrets(0)
		secrets[0].Index = 4
		if got, err := s.verify(s.request(0), secrets); err != nil || got.Index != 4 {
			t.Errorf("index %d, %v", got.Index, err)
		}
	})
}

func TestWhatNoSecretMakesIsAMismatch(t *testing.T) {
	each(t, func(t *testing.T, s sender) {
		refused(t, s, s.request(1), s.secrets(0), ErrMismatch)
		refused(t, s, s.request(1), s.secrets(0, 2, 3, 4), ErrMismatch)
		refused(t, s, s.request(0), nil, ErrMismatch)
		refused(t, s, s.request(0), []Secret{{Name: "empty"}, {Name: "short", Value: []byte("short")}}, ErrMismatch)
	})
}

func refused(t *testing.T, s sender, r Request, secrets []Secret, want error) {
	t.Helper()
	got, err := s.verify(r, secrets)
	if !errors.Is(err, want) || !errors.Is(err, ErrUnauthenticated) || got != (Result{}) {
		t.Errorf("%+v, %v; want %v", got, err, want)
	}
}

// A header that is there twice is refused even when both say the same: what
// stands before us may have read the other one.
func TestEachHeaderIsThereOnce(t *testing.T) {
	each(t, func(t *testing.T, s sender) {
		for _, name := range s.headers {
			for reason, change := range map[string]func(h http.Header, right string){
				"missing":                func(h http.Header, _ string) { h.Del(name) },
				"empty":                  func(h http.Header, _ string) { h.Set(name, "") },
				"twice the same":         func(h http.Header, right string) { h.Add(name, right) },
				"a wrong one after it":   func(h http.Header, _ string) { h.Add(name, "1") },
				"a wrong one before it":  func(h http.Header, right string) { h[name] = []string{"1", right} },
				"an empty one before it": func(h http.Header, right string) { h[name] = []string{"", right} },
			} {
				t.Run(name+" "+reason, func(t *testing.T) {
					r := s.request(0)
					change(r.Header, r.Header.Get(name))
					refused(t, s, r, s.secrets(0), ErrNoSignature)
				})
			}
		}
	})
}

func TestTheToleranceHoldsAtItsEdges(t *testing.T) {
	cases := map[string]struct {
		late time.Duration
		want error
	}{
		"at once":                             {0, nil},
		"as late as permitted":                {testTolerance, nil},
		"as early as permitted":               {-testTolerance, nil},
		"a second later than permitted":       {testTolerance + time.Second, ErrStale},
		"a second earlier than permitted":     {-testTolerance - time.Second, ErrStale},
		"a nanosecond later than permitted":   {testTolerance + 1, ErrStale},
		"a nanosecond earlier than permitted": {-testTolerance - 1, ErrStale},
		"a year later":                        {365 * 24 * time.Hour, ErrStale},
	}
	each(t, func(t *testing.T, s sender) {
		for reason, tc := range cases {
			want := tc.want
			if !s.timed {
				want = nil
			}
			r := s.request(0)
			r.Now = r.Now.Add(tc.late)
			if _, err := s.verify(r, s.secrets(0)); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", reason, err, want)
			}
		}
	})
}

// Out of tolerance is what was signed. A made-up signature with an old time must
// not be taken for a clock that is wrong.
func TestForgedAndOldIsForged(t *testing.T) {
	each(t, func(t *testing.T, s sender) {
		r := s.request(1)
		r.Now = r.Now.Add(time.Hour)
		refused(t, s, r, s.secrets(0), ErrMismatch)
	})
}

func TestChangedBodiesAreRefused(t *testing.T) {
	for reason, body := range map[string]string{
		"none":            "",
		"cut off":         testBody[:len(testBody)-1],
		"one byte more":   testBody + "\n",
		"encoded anew":    strings.ReplaceAll(testBody, ":", ": "),
		"another value":   strings.Replace(testBody, "A-1", "A-2", 1),
		"twice":           testBody + testBody,
		"with the ID":     "." + testBody,
		"a zero behind":   testBody + "\x00",
		"with a mark":     "\ufeff" + testBody,
		"in another case": strings.ToUpper(testBody),
	} {
		each(t, func(t *testing.T, s sender) {
			if s.auth.Scheme == v1alpha1.AuthBearer {
				t.Skip("a token does not sign the body")
			}
			r := s.request(0)
			r.Body = []byte(body)
			if got, err := s.verify(r, s.secrets(0)); !errors.Is(err, ErrMismatch) {
				t.Errorf("a body %s: %+v, %v", reason, got, err)
			}
		})
	}
}

// Every character of the proof counts. Base64 of which the last character has
// spare bits, and hex, have other spellings of the same bytes; but for the case of
// hex none of them is taken.
func TestEveryCharacterOfTheProofCounts(t *testing.T) {
	each(t, func(t *testing.T, s sender) {
		right := s.request(0).Header.Get(s.signature)
		for i := range len(right) {
			for _, c := range []byte("0Aa.,= \r\n\t_-+/\x00\xff") {
				forged := right[:i] + string(c) + right[i+1:]
				if strings.EqualFold(forged, right) {
					continue
				}
				r := s.request(0)
				r.Header.Set(s.signature, forged)
				if got, err := s.verify(r, s.secrets(0)); !errors.Is(err, ErrUnauthenticated) {
					t.Errorf("%q verified: %+v, %v", forged, got, err)
				}
			}
			r := s.request(0)
			r.Header.Set(s.signature, right[:i])
			if got, err := s.verify(r, s.secrets(0)); !errors.Is(err, ErrUnauthenticated) {
				t.Errorf("cut off, %q verified: %+v, %v", right[:i], got, err)
			}
		}
	})
}

func TestSeveralSignaturesTheRightOneLast(t *testing.T) {
	each(t, func(t *testing.T, s sender) {
		if s.separator == "" {
			t.Skip("one signature only")
		}
		var entries []string
		for n := 4; n >= 0; n-- {
			entry := s.request(n).Header.Get(s.signature)
			if n < 4 && s.separator == "," {
				_, entry, _ = strings.Cut(entry, ",") // one time for all
			}
			entries = append(entries, entry)
		}
		r := s.request(0)
		r.Header.Set(s.signature, strings.Join(entries, s.separator))
		for n := range 5 {
			if got, err := s.verify(r, s.secrets(n)); err != nil || got.Secret != fmt.Sprintf("shop/key-%d", n) {
				t.Errorf("key %d: %+v, %v", n, got, err)
			}
		}
		refused(t, s, r, s.secrets(5), ErrMismatch)
	})
}

// Times are signed as text: another spelling of the same time is another message,
// and none that a lenient reader takes for the same may pass.
func TestTimesHaveOneSpelling(t *testing.T) {
	stamp, milli := fmt.Sprint(begin().Unix()), fmt.Sprint(begin().UnixMilli())
	for reason, spell := range map[string]func(string) string{
		"a sign":         func(s string) string { return "+" + s },
		"a minus":        func(s string) string { return "-" + s },
		"a leading zero": func(s string) string { return "0" + s },
		"a fraction":     func(s string) string { return s + ".0" },
		"an exponent":    func(s string) string { return s + "e0" },
		"an underscore":  func(s string) string { return s[:1] + "_" + s[1:] },
		"hex":            func(string) string { return fmt.Sprintf("%#x", begin().Unix()) },
		"a word":         func(string) string { return "now" },
		"beyond 64 bits": func(string) string { return "99999999999999999999" },
		"beyond reason":  func(string) string { return "9223372036854775807" },
		"other digits":   func(string) string { return "１６１４２６５３３０" },
		"a space before": func(s string) string { return " " + s },
		"a space behind": func(s string) string { return s + " " },
	} {
		each(t, func(t *testing.T, s sender) {
			if !s.timed {
				t.Skip("no time")
			}
			r := s.request(0)
			for name, values := range r.Header {
				if text := strings.ReplaceAll(values[0], milli, spell(milli)); text != values[0] {
					values[0] = text
				} else if name != s.signature || s.separator == "," {
					values[0] = strings.ReplaceAll(values[0], stamp, spell(stamp))
				}
			}
			if got, err := s.verify(r, s.secrets(0)); !errors.Is(err, ErrNoSignature) {
				t.Errorf("%s: %+v, %v", reason, got, err)
			}
		})
	}
}

func TestAnUnknownSchemeVerifiesNothing(t *testing.T) {
	for _, scheme := range []v1alpha1.AuthScheme{"", "none", "Bearer", "hmac"} {
		auth := v1alpha1.WebhookAuth{Scheme: scheme}
		for name, s := range senders() {
			if got, err := For(auth)(s.request(0), s.secrets(0)); !errors.Is(err, ErrMismatch) {
				t.Errorf("%q verified a request of %s: %+v, %v", scheme, name, got, err)
			}
			if err := CheckSecret(auth, s.secrets(0)[0].Value); !errors.Is(err, ErrSecretUnusable) {
				t.Errorf("%q can use a secret of %s: %v", scheme, name, err)
			}
		}
	}
}
