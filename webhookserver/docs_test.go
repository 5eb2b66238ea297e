package webhookserver

import (
	"bytes"
	"context"
	"errors"
	"go/format"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// section is the part of docs/webhooks.md behind a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(raw), heading+"\n")
	if !ok {
		t.Fatalf("the page has no heading %q", heading)
	}
	return rest
}

// fenced returns the first block of a language behind a heading.
func fenced(t *testing.T, heading, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(section(t, heading), "```"+language+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("the page has no block of %s behind %q", language, heading)
	}
	return block
}

// program is one that the page shows.
type program struct {
	heading, language, file string
	run                     []string
	needs                   []string
}

func programs() map[string]program {
	return map[string]program{
		"shell":  {"### From a shell", "sh", "send.sh", []string{"sh"}, []string{"sh", "openssl", "curl", "od"}},
		"go":     {"### From Go", "go", "send.go", []string{"go", "run"}, []string{"go"}},
		"python": {"### From Python", "python", "send.py", []string{"python3"}, []string{"python3"}},
		"node":   {"### From Node", "js", "send.mjs", []string{"node"}, []string{"node"}},
	}
}

// start runs the program as it stands in the page, with the documented body.
func (p program) start(t *testing.T, url, secret string) (stdout, stderr string, ok bool) {
	t.Helper()
	for _, tool := range p.needs {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed, so the page's program was not run", tool)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{p.file: fenced(t, p.heading, p.language), "order.json": documentedBody(t)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.run[0], append(p.run[1:], filepath.Join(dir, p.file))...)
	cmd.Env = append(os.Environ(), "URL="+url, "SECRET="+secret, "BODY="+filepath.Join(dir, "order.json"), "no_proxy=*", "GOFLAGS=")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), err == nil
}

func documentedBody(t *testing.T) string {
	t.Helper()
	return fenced(t, "## The body", "json")
}

// try is one request as it reached the server.
type try struct {
	at     time.Time
	header http.Header
	body   []byte
}

// listener is a real server that is not up to the first tries.
type listener struct {
	url     string
	harness *harness

	mu    sync.Mutex
	tries []try
}

func listen(t *testing.T, troubles ...func(http.ResponseWriter)) *listener {
	t.Helper()
	l := &listener{harness: newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())}
	l.harness.mu.Lock()
	l.harness.now = time.Now() // the programs take the machine's clock
	l.harness.mu.Unlock()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		l.mu.Lock()
		l.tries = append(l.tries, try{time.Now(), r.Header.Clone(), body})
		n := len(l.tries)
		l.mu.Unlock()
		if n <= len(troubles) {
			troubles[n-1](w)
			return
		}
		l.harness.server.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	l.url = server.URL + webPath
	return l
}

func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func sendLater(status int, seconds string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", seconds)
		w.WriteHeader(status)
	}
}

// TestTheDocumentedProgramsRepeatUntilTheOrderIsStored runs each program of the
// page against a server that hangs up, is limited, and is away, in turn.
func TestTheDocumentedProgramsRepeatUntilTheOrderIsStored(t *testing.T) {
	for language, p := range programs() {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			l := listen(t, hangUp, sendLater(429, "3"), sendLater(503, "1"))
			out, problems, ok := p.start(t, l.url, signingSecret)
			want := `{"order":"` + v1alpha1.OrderNameFor("web", "A-1001") + `","namespace":"shop"}` + "\n"
			if !ok || out != want {
				t.Fatalf("it ended well: %v, and printed %q, want %q: %s", ok, out, want, problems)
			}
			if n := len(orders(t, l.harness.client)); n != 1 || len(l.tries) != 4 {
				t.Fatalf("%d orders after %d tries, want 1 after 4", n, len(l.tries))
			}
			if pause := l.tries[2].at.Sub(l.tries[1].at); pause < 3*time.Second {
				t.Errorf("asked to wait for 3 s, it came again after %v", pause)
			}
			checkTries(t, l.tries, []byte(documentedBody(t)))
		})
	}
}

// checkTries holds each try against what the page says of it.
func checkTries(t *testing.T, tries []try, body []byte) {
	t.Helper()
	wh, err := standardwebhooks.NewWebhook(signingSecret)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, try := range tries {
		if !bytes.Equal(try.body, body) || try.header.Get("Content-Type") != "application/json" {
			t.Errorf("try %d sent another body, as %s", i, try.header.Get("Content-Type"))
		}
		if err := wh.Verify(try.body, try.header); err != nil {
			t.Errorf("try %d: %v", i, err)
		}
		if id := try.header.Get("webhook-id"); id == "" || id != tries[0].header.Get("webhook-id") {
			t.Errorf("try %d has the ID %q, the first %q", i, id, tries[0].header.Get("webhook-id"))
		}
		seen[try.header.Get("webhook-timestamp")] = true
	}
	if len(seen) != len(tries) {
		t.Errorf("%d tries had %d timestamps: they were not signed anew", len(tries), len(seen))
	}
}

func TestTheDocumentedProgramsStopWhenTheyAreRefused(t *testing.T) {
	for language, p := range programs() {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			out, problems, ok := p.start(t, l.url, otherSecret)
			if ok || len(l.tries) != 1 || !strings.Contains(problems, problemBase+"unauthenticated") || out != "" {
				t.Errorf("ended well: %v, %d tries, printed %q and %q", ok, len(l.tries), out, problems)
			}
		})
	}
}

func TestTheDocumentedGoProgramIsFormatted(t *testing.T) {
	text := fenced(t, "### From Go", "go")
	formatted, err := format.Source([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(formatted), text); diff != "" {
		t.Error(diff)
	}
}

// TestTheDocumentedSettingsVerifyTheirSenders holds the table of senders against
// the examples that those publish.
func TestTheDocumentedSettingsVerifyTheirSenders(t *testing.T) {
	type example struct{ secret, time, body, signature string }
	for sender, x := range map[string]example{
		// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
		"GitHub": {secret: "It's a Secret to Everybody", body: "Hello, World!",
			signature: "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		// https://docs.slack.dev/authentication/verifying-requests-from-slack
		"Slack": {secret: "8f742231b10e8888abcd99yyyzzz85a5", time: "1531420618",
			body:      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
			signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
		// Shopify publishes none; this is openssl's:
		//   printf '{"id":1}' | openssl dgst -sha256 -hmac hush-hush-hush-hush -binary | base64
		"Shopify": {secret: "hush-hush-hush-hush", body: `{"id":1}`, signature: "gqb/mZI8OCf3/j3Ur1xqzHGfmqHHhNnpOakaVHyc9dw="},
	} {
		t.Run(sender, func(t *testing.T) {
			spec := documentedHMAC(t, sender)
			header := http.Header{}
			header.Set(spec.Header, x.signature)
			if x.time != "" {
				header.Set(spec.TimestampHeader, x.time)
			}
			r := verify.Request{Header: header, Body: []byte(x.body), Now: time.Unix(1531420618, 0), Tolerance: time.Minute}
			check := verify.For(v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: spec})
			if _, err := check(r, []verify.Secret{{Value: []byte(x.secret)}}); err != nil {
				t.Errorf("%+v: %v", spec, err)
			}
			r.Body = append(r.Body, ' ')
			if _, err := check(r, []verify.Secret{{Value: []byte(x.secret)}}); err == nil {
				t.Error("another body verifies, too")
			}
		})
	}
}

// documentedHMAC reads the row of a sender.
func documentedHMAC(t *testing.T, sender string) *v1alpha1.HMACScheme {
	t.Helper()
	for line := range strings.Lines(section(t, "## Other signatures")) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 8 || strings.TrimSpace(cells[1]) != sender {
			continue
		}
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		return &v1alpha1.HMACScheme{Header: cells[2], Prefix: cells[3], Encoding: cells[4], TimestampHeader: cells[5], SignedContent: cells[6]}
	}
	t.Fatalf("the page has no row for %s", sender)
	return nil
}

// TestThePageNamesEveryAnswer compares its types and statuses with the OpenAPI
// document, which is compared with the code.
func TestThePageNamesEveryAnswer(t *testing.T) {
	answers, _, _ := strings.Cut(section(t, "## Answers"), "\n## ")
	_, types, _ := strings.Cut(answers, "The types, all under")
	_, types, _ = strings.Cut(types, "`: ")
	named := map[string]bool{}
	for i, part := range strings.Split(types, "`") {
		if i%2 == 1 && !strings.Contains(part, "/") {
			named[part] = true
		}
	}
	want := map[string]bool{}
	for problem := range documentedProblems(t) {
		status, slug, _ := strings.Cut(problem, " ")
		want[slug] = true
		if !strings.Contains(answers, "| "+status) && !strings.Contains(answers, ", "+status) {
			t.Errorf("the page has no row for %s", status)
		}
	}
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("document (-) and page (+) have other types:\n%s", diff)
	}
}
