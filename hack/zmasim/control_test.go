package zmasim

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func inAWeek() func() time.Time {
	return func() time.Time { return time.Now().Add(7 * 24 * time.Hour) }
}

func TestControlFromAnotherProcess(t *testing.T) {
	ctx := context.Background()
	s := start(t, Options{Control: true})
	if err := PostFault(ctx, s.URL(), Fault{Method: "POST", Kind: ErrorBefore, Status: 503, Times: 1, Delay: time.Second}); err != nil {
		t.Fatal(err)
	}
	if r := post(s, body(ProductOK, "k")); r.Status != 503 {
		t.Errorf("the fault did not arrive: %d", r.Status)
	}
	if err := PostFault(ctx, s.URL(), Fault{Kind: DropBefore}); err != nil {
		t.Fatal(err)
	}
	if err := DeleteFaults(ctx, s.URL()); err != nil {
		t.Fatal(err)
	}
	if err := PutBalance(ctx, s.URL(), 77_700); err != nil {
		t.Fatal(err)
	}
	if got := balanceOf(s); got != 77_700 {
		t.Errorf("balance %d", got)
	}
	id := post(s, body(ProductOK, "k")).id(t)
	outcome(t, s, id)
	if err := PostAdvance(ctx, s.URL(), id); err != nil {
		t.Error(err)
	}
	record, err := FetchRecord(ctx, s.URL())
	if err != nil {
		t.Fatal(err)
	}
	if got := len(record.PurchasesOf(identity)); got != 1 || !cmp.Equal(record.KeysOf(identity), []string{"k"}) {
		t.Errorf("%d purchases, keys %v", got, record.KeysOf(identity))
	}
}

func TestControlIsClosedUnlessAskedFor(t *testing.T) {
	s := start(t, Options{})
	if _, err := FetchRecord(context.Background(), s.URL()); err == nil {
		t.Error("the record was served")
	}
}

func TestControlRefusesWhatItCannotRead(t *testing.T) {
	s := start(t, Options{Control: true})
	for _, wrong := range []string{`{"kind":"Dorp"}`, `{"kind":"Slow","delya":"1s"}`, `{"kind":"Slow","delay":"soon"}`, `{`} {
		if r := do(s, "POST", "/sim/faults", []byte(wrong)); r.Status != 400 {
			t.Errorf("%s: %d", wrong, r.Status)
		}
	}
}

func TestFaultSurvivesJSON(t *testing.T) {
	want := Fault{"POST", "/v1", "i", "p", "e", Slow, 3, 1500 * time.Millisecond, time.Minute, 503}
	var got Fault
	if err := got.UnmarshalJSON(mustJSON(want)); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestServerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	eventually(t, "the end", func() bool { return do(s, "GET", "/v1/addax/balance", nil).Err != nil })
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}
