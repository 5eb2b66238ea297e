package act

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// scriptedLedger answers as it is told and counts its calls.
type scriptedLedger struct {
	Ledger
	err   error
	calls int
}

func (s *scriptedLedger) Settle(context.Context, ledger.Settlement) error {
	s.calls++
	return s.err
}

func TestALedgerThatIsAwayIsTriedOnceASecond(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	inner, back := &scriptedLedger{err: fmt.Errorf("dial: %w", ledger.ErrUnavailable)}, 0
	g := &GuardedLedger{Inner: inner, Now: func() time.Time { return now }, Back: func() { back++ }}
	for range 10 {
		if err := g.Settle(t.Context(), ledger.Settlement{}); !errors.Is(err, ledger.ErrUnavailable) {
			t.Fatalf("got %v, want ErrUnavailable", err)
		}
	}
	if inner.calls != guardFailures {
		t.Errorf("%d calls while it was away, want %d", inner.calls, guardFailures)
	}
	now = now.Add(guardPause)
	for range 10 {
		_ = g.Settle(t.Context(), ledger.Settlement{})
	}
	if inner.calls != guardFailures+1 {
		t.Errorf("%d calls after a second, want one more", inner.calls)
	}
	now, inner.err = now.Add(guardPause), nil
	if err := g.Settle(t.Context(), ledger.Settlement{}); err != nil || back != 1 {
		t.Errorf("got %v, told %d times that it is back; want once", err, back)
	}
	if err := g.Settle(t.Context(), ledger.Settlement{}); err != nil || back != 1 {
		t.Errorf("got %v, told %d times", err, back)
	}
}

func TestARefusalOfTheLedgerIsNoOutage(t *testing.T) {
	inner := &scriptedLedger{err: &ledger.ErrMismatch{}}
	g := &GuardedLedger{Inner: inner, Now: time.Now, Back: func() { t.Error("told that it is back") }}
	for range 10 {
		_ = g.Settle(t.Context(), ledger.Settlement{})
	}
	if inner.calls != 10 {
		t.Errorf("%d calls of 10 were made", inner.calls)
	}
}
