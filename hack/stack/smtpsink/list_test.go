package smtpsink_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/stack/smtpsink"
)

func TestSinkListsAndFilesMails(t *testing.T) {
	dir := t.TempDir()
	s := start(t, smtpsink.Options{Dir: dir, HTTPAddr: "127.0.0.1:0"})
	if got := list(t, s); got == nil || len(got) != 0 {
		t.Errorf("before the first mail the list is %v, want []", got)
	}
	for range 2 {
		if err := send(t, s, nil); err != nil {
			t.Fatal(err)
		}
	}
	got := list(t, s)
	if len(got) != 2 || got[0].From != "a@example.com" || cmp.Diff([]string{"b@example.com"}, got[0].To) != "" {
		t.Fatalf("list = %+v", got)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "000002.eml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body, string(kept)); diff != "" {
		t.Errorf("the file differs from the mail sent (-sent +kept):\n%s", diff)
	}
	if diff := cmp.Diff(body, got[1].Data); diff != "" {
		t.Errorf("the list differs from the mail sent (-sent +listed):\n%s", diff)
	}
}

func TestSinkDoesNotAcceptWhatItCannotKeep(t *testing.T) {
	s := start(t, smtpsink.Options{Dir: filepath.Join(t.TempDir(), "missing")})
	if err := send(t, s, nil); err == nil || len(s.Messages()) != 0 {
		t.Errorf("err = %v with %d mails kept; want a refusal", err, len(s.Messages()))
	}
}

func TestSinkStopsTwice(t *testing.T) {
	s := start(t, smtpsink.Options{HTTPAddr: "127.0.0.1:0"}) // start stops it once more
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Get(s.ListURL()); err == nil {
		_ = resp.Body.Close()
		t.Error("the list is served after Stop")
	}
}

type mail struct {
	From string
	To   []string
	Data string
}

func list(t *testing.T, s *smtpsink.Server) []mail {
	t.Helper()
	resp, err := http.Get(s.ListURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var got []mail
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got
}
