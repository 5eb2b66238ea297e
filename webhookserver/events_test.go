package webhookserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEverySecurityEventIsDocumentedAndHasAnAlert keeps a new one from being
// counted where nobody looks.
func TestEverySecurityEventIsDocumentedAndHasAnAlert(t *testing.T) {
	page, rules := readFile(t, "docs", "webhooksource.md"), readFile(t, "config", "prometheus", "rules.yaml")
	for _, event := range securityEvents() {
		if !strings.Contains(page, "`"+event+"`") {
			t.Errorf("%s is not on the page", event)
		}
		if !strings.Contains(rules, event) {
			t.Errorf("%s has no alert", event)
		}
	}
}

func readFile(t *testing.T, path ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
