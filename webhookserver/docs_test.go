package webhookserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// fenced returns the first block of a language behind a heading.
func fenced(t *testing.T, page, heading, language string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(raw), heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	_, rest, ok = strings.Cut(rest, "```"+language+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("%s has no block of %s behind %q", page, language, heading)
	}
	return block
}

func TestTheDocumentedShellCommandsSendTheDocumentedBody(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "curl", "od"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	body := filepath.Join(t.TempDir(), "order.json")
	if err := os.WriteFile(body, []byte(fenced(t, "webhooks.md", "## The body", "json")), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
	h.mu.Lock()
	h.now = time.Now() // the commands take the machine's clock
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-eu", "-c", fenced(t, "webhooks.md", "### From a shell", "sh"))
	cmd.Env = append(os.Environ(), "URL="+h.http.URL+webPath, "SECRET="+signingSecret, "BODY="+body, "no_proxy=*")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"order":"zo-`) {
		t.Errorf("error %v: %s", err, out)
	}
}
