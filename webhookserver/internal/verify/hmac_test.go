package verify

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func authHMAC(f v1alpha1.HMACScheme) v1alpha1.WebhookAuth {
	return v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: &f}
}

// The examples that GitHub and Slack publish in their documentation, and RFC 4231
// for the other hash and encoding.
func TestPublishedHMACVectorsVerify(t *testing.T) {
	const slackBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com" +
		"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	const rfcBody = "Test Using Larger Than Block-Size Key - Hash Key First"
	rfcKey := strings.Repeat("\xaa", 131)
	unhex := func(text string) string {
		raw, _ := fromHexText(text)
		return base64.StdEncoding.EncodeToString(raw)
	}
	cases := map[string]struct {
		format       v1alpha1.HMACScheme
		secret, body string
		header       http.Header
		at           int64
	}{
		"GitHub": {v1alpha1.HMACScheme{Header: "X-Hub-Signature-256", Prefix: "sha256="},
			"It's a Secret to Everybody", "Hello, World!",
			http.Header{"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}}, 0},
		"Slack": {v1alpha1.HMACScheme{Header: "X-Slack-Signature", Prefix: "v0=", TimestampHeader: "X-Slack-Request-Timestamp",
			SignedContent: "v0:{timestamp}:{body}"}, "8f742231b10e8888abcd99yyyzzz85a5", slackBody,
			http.Header{"X-Slack-Signature": {"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
				"X-Slack-Request-Timestamp": {"1531420618"}}, 1531420618},
		"RFC 4231, test case 6, as Shopify sends it": {v1alpha1.HMACScheme{Header: "X-Shopify-Hmac-Sha256", Encoding: "base64"}, rfcKey, rfcBody,
			http.Header{"X-Shopify-Hmac-Sha256": {unhex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")}}, 0},
		"RFC 4231, test case 6, of 512 bits": {v1alpha1.HMACScheme{Header: "x-signature", Algorithm: "sha512"}, rfcKey, rfcBody,
			http.Header{"X-Signature": {"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352" +
				"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"}}, 0},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			r := Request{Header: tc.header, Body: []byte(tc.body), Now: time.Unix(tc.at, 0), Tolerance: testTolerance}
			got, err := For(authHMAC(tc.format))(r, secrets(tc.secret+"\n"))
			if err != nil || got.SignedAt.IsZero() != (tc.at == 0) || tc.at != 0 && got.SignedAt.Unix() != tc.at {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestHMACRefuses(t *testing.T) {
	github := v1alpha1.HMACScheme{Header: "X-Hub-Signature-256", Prefix: "sha256="}
	shopify := v1alpha1.HMACScheme{Header: "X-Shopify-Hmac-Sha256", Encoding: "base64"}
	key := hexText(seed(0))
	hex256 := hexText(mac(sha256.New, []byte(key), testBody))
	base256 := base64Text(mac(sha256.New, []byte(key), testBody))
	plain := sha256.Sum256([]byte(testBody))
	cases := map[string]struct {
		format v1alpha1.HMACScheme
		header string
		want   error
	}{
		"right":                        {github, "sha256=" + hex256, nil},
		"right, in capitals":           {github, "sha256=" + strings.ToUpper(hex256), nil},
		"no prefix":                    {github, hex256, ErrNoSignature},
		"the prefix alone":             {github, "sha256=", ErrNoSignature},
		"the prefix in capitals":       {github, "SHA256=" + hex256, ErrNoSignature},
		"the prefix twice":             {github, "sha256=sha256=" + hex256, ErrNoSignature},
		"the prefix of another hash":   {github, "sha1=" + hex256, ErrNoSignature},
		"the old hash":                 {github, "sha256=" + hexText(mac(sha1.New, []byte(key), testBody)), ErrNoSignature},
		"a longer hash":                {github, "sha256=" + hexText(mac(sha512.New, []byte(key), testBody)), ErrNoSignature},
		"a longer hash, cut off":       {github, "sha256=" + hexText(mac(sha512.New, []byte(key), testBody))[:64], ErrMismatch},
		"a plain digest":               {github, "sha256=" + hexText(plain[:]), ErrMismatch},
		"under no key":                 {github, "sha256=" + hexText(mac(sha256.New, nil, testBody)), ErrMismatch},
		"under the key's bytes":        {github, "sha256=" + hexText(mac(sha256.New, seed(0), testBody)), ErrMismatch},
		"zeros":                        {github, "sha256=" + strings.Repeat("0", 64), ErrMismatch},
		"the other encoding":           {github, "sha256=" + base256, ErrNoSignature},
		"a digit short":                {github, "sha256=" + hex256[:63], ErrNoSignature},
		"a byte short":                 {github, "sha256=" + hex256[:62], ErrNoSignature},
		"a byte long":                  {github, "sha256=" + hex256 + "00", ErrNoSignature},
		"two signatures":               {github, "sha256=" + hex256 + ",sha256=" + hex256, ErrNoSignature},
		"a space before":               {github, " sha256=" + hex256, ErrNoSignature},
		"a space behind":               {github, "sha256=" + hex256 + " ", ErrNoSignature},
		"0x":                           {github, "sha256=0x" + hex256[2:], ErrNoSignature},
		"base64, right":                {shopify, base256, nil},
		"base64 without its padding":   {shopify, strings.TrimRight(base256, "="), ErrNoSignature},
		"base64 with a line break":     {shopify, base256[:10] + "\r\n" + base256[10:], ErrNoSignature},
		"base64 with a break behind":   {shopify, base256 + "\n", ErrNoSignature},
		"base64 spelled otherwise":     {shopify, base256[:42] + string(base256[42]+1) + "=", ErrNoSignature},
		"base64 of URLs":               {shopify, strings.NewReplacer("+", "-", "/", "_").Replace(base256), ErrNoSignature},
		"base64 of hex":                {shopify, base64Text([]byte(hex256)), ErrNoSignature},
		"hex where base64 is expected": {shopify, hex256, ErrNoSignature},
	}
	if !strings.ContainsAny(base256, "+/") {
		t.Fatal("choose a key whose signature has one of + and /")
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			r := Request{Header: http.Header{tc.format.Header: {tc.header}}, Body: []byte(testBody), Now: begin()}
			if got, err := For(authHMAC(tc.format))(r, secrets(key)); !errors.Is(err, tc.want) {
				t.Errorf("%+v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

// A digit moved from the time to the body, or back, is another message.
func TestTimeAndBodyAreToldApart(t *testing.T) {
	s := hmacSender(v1alpha1.HMACScheme{Header: "X-Signature", TimestampHeader: "X-Timestamp"})
	signing, _ := s.key(0)
	for name, move := range map[string]func(stamp, body string) (string, string){
		"into the body": func(stamp, body string) (string, string) { return stamp[:9], stamp[9:] + "." + body },
		"into the time": func(stamp, body string) (string, string) { return stamp + body[:1], body[1:] },
		"the separator": func(stamp, body string) (string, string) { return stamp + ".", body },
	} {
		header := s.sign(signing, begin(), "12345")
		stamp, body := move(header.Get("X-Timestamp"), "12345")
		header.Set("X-Timestamp", stamp)
		at, _ := strconv.ParseInt(stamp, 10, 64)
		r := Request{Header: header, Body: []byte(body), Now: time.Unix(at, 0), Tolerance: testTolerance}
		if got, err := s.verify(r, s.secrets(0)); !errors.Is(err, ErrUnauthenticated) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The API server refuses all of these but the last ones. If it has not, nothing
// verifies, and the secrets say why.
func TestFormatsThatCantBeUnderstoodVerifyNothing(t *testing.T) {
	const header = "X-Signature"
	timed := func(content string) *v1alpha1.HMACScheme {
		return &v1alpha1.HMACScheme{Header: header, TimestampHeader: "X-Timestamp", SignedContent: content}
	}
	cases := map[string]struct {
		format *v1alpha1.HMACScheme
		usable bool
	}{
		"none":                            {nil, false},
		"no header":                       {&v1alpha1.HMACScheme{}, false},
		"an unknown hash":                 {&v1alpha1.HMACScheme{Header: header, Algorithm: "md5"}, false},
		"a hash in capitals":              {&v1alpha1.HMACScheme{Header: header, Algorithm: "SHA256"}, false},
		"an unknown encoding":             {&v1alpha1.HMACScheme{Header: header, Encoding: "base64url"}, false},
		"an unknown unit":                 {&v1alpha1.HMACScheme{Header: header, TimestampUnit: "us"}, false},
		"a time that is not signed":       {timed("{body}"), false},
		"a time that is not sent":         {&v1alpha1.HMACScheme{Header: header, SignedContent: "{timestamp}.{body}"}, false},
		"no body":                         {timed("{timestamp}."), false},
		"a body that is not last":         {timed("{timestamp}.{body}."), false},
		"the body before the time":        {timed("{body}.{timestamp}"), false},
		"two bodies":                      {timed("{timestamp}.{body}.{body}"), false},
		"two times":                       {timed("{timestamp}.{timestamp}.{body}"), false},
		"an unknown mark":                 {timed("{id}.{timestamp}.{body}"), false},
		"nothing between time and body":   {timed("{timestamp}{body}"), false},
		"a digit between time and body":   {timed("{timestamp}0{body}"), false},
		"a separator":                     {timed("{timestamp}:{body}"), true},
		"text around the time":            {timed("v0:{timestamp}:v1:{body}"), true},
		"what is signed when not said":    {timed(""), true},
		"the body, said":                  {&v1alpha1.HMACScheme{Header: header, SignedContent: "{body}"}, true},
		"a header's name in small caps":   {&v1alpha1.HMACScheme{Header: "x-signature"}, true},
		"a unit that nothing is given in": {&v1alpha1.HMACScheme{Header: header, TimestampUnit: "ms"}, true},
	}
	key := hexText(seed(0))
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			auth := v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: tc.format}
			stamp := strconv.FormatInt(begin().Unix(), 10)
			verified := false
			for _, content := range []string{testBody, stamp + "." + testBody, stamp + testBody, stamp + ":" + testBody, "v0:" + stamp + ":v1:" + testBody} {
				h := http.Header{"X-Timestamp": {stamp}}
				h.Set(header, hexText(mac(sha256.New, []byte(key), content)))
				r := Request{Header: h, Body: []byte(testBody), Now: begin(), Tolerance: testTolerance}
				_, err := For(auth)(r, secrets(key))
				verified = verified || err == nil
			}
			if err := CheckSecret(auth, []byte(key)); verified != tc.usable || (err == nil) != tc.usable {
				t.Errorf("verified %v, secret %v; want %v", verified, err, tc.usable)
			}
		})
	}
}
