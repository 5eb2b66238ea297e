package zmasim

import (
	"context"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStateSurvivesARestart(t *testing.T) {
	file := stateFile(t)
	first := start(t, Options{StateFile: file, BalanceCents: 50_000})
	done := post(first, body(ProductOK, "done")).id(t)
	want := outcome(t, first, done)
	refused := post(first, body(ProductOK, "refused", without("max_price")))
	open := post(first, body(ProductStuck, "open")).id(t)
	balance, record := balanceOf(first), first.Record()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := start(t, Options{StateFile: file, BalanceCents: 50_000})
	if diff := cmp.Diff(record, second.Record()); diff != "" {
		t.Errorf("record: %s", diff)
	}
	if diff := cmp.Diff(want.JSON, get(second, done).JSON); diff != "" {
		t.Errorf("order: %s", diff)
	}
	if got := balanceOf(second); got != balance {
		t.Errorf("balance %d, want %d", got, balance)
	}
	if got := post(second, body(ProductOK, "done")).id(t); got != done {
		t.Errorf("a known key gave a new order: %s", got)
	}
	if got := post(second, body(ProductOK, "refused")); string(got.Raw) != string(refused.Raw) {
		t.Errorf("a refusal was forgotten: %s", got.Raw)
	}
	if r := get(second, open); r.code() != "request_processing" {
		t.Errorf("the open order: %s", r.Raw)
	}
	if got := len(second.Record().PurchasesOf(identity)); got != 1 {
		t.Errorf("%d purchases, want 1", got)
	}
}

func TestOpenOrderIsSettledOnceAfterARestart(t *testing.T) {
	file := stateFile(t)
	first := start(t, Options{StateFile: file, Processing: 1 << 40})
	id := post(first, body(ProductOK, "k")).id(t)
	// The kill falls before the outcome: nothing but the acceptance is in the file.
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, Options{StateFile: file, Now: inAWeek()})
	outcome(t, second, id)
	if got := len(second.Record().PurchasesOf(identity)); got != 1 {
		t.Errorf("%d purchases, want 1", got)
	}
}

func TestACutLastLineIsCutOff(t *testing.T) {
	file := stateFile(t)
	first := start(t, Options{StateFile: file})
	id := post(first, body(ProductOK, "k")).id(t)
	outcome(t, first, id)
	_ = first.Close()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(whole, `[{"order":{"id":"half`...), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second start would trip over a line glued to the half one
		s := start(t, Options{StateFile: file})
		if got := post(s, body(ProductOK, "k")).id(t); got != id {
			t.Errorf("got %s, want %s", got, id)
		}
		_ = s.Close()
	}
}

func TestADamagedLineStopsTheStart(t *testing.T) {
	file := stateFile(t)
	if err := os.WriteFile(file, []byte("no JSON\n[]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Start(context.Background(), Options{StateFile: file}); err == nil {
		_ = s.Close()
		t.Error("started on a damaged state file")
	}
}
