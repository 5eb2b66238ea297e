package webhookserver

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// table is where rows arrive; fault decides what happens to a batch before.
type table struct {
	mu    sync.Mutex
	rows  []string
	tries int
	fault func(try int, rows []ledger.Delivery) error
}

func (s *table) insert(_ context.Context, rows []ledger.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	if s.fault != nil {
		if err := s.fault(s.tries, rows); err != nil {
			return err
		}
	}
	for _, r := range rows {
		s.rows = append(s.rows, r.RequestID)
	}
	return nil
}

func (s *table) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// runWriter starts a writer with short pauses; stop ends and awaits it.
func runWriter(t *testing.T, s *table, change func(*DeliveryWriter)) (w *DeliveryWriter, stop func()) {
	t.Helper()
	w = NewDeliveryWriter(s.insert, newMetrics(t), logr.Discard())
	w.linger, w.pause, w.maxPause = time.Millisecond, time.Millisecond, 2*time.Millisecond
	if change != nil {
		change(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Start(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			w.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return w, stop
}

// recordN records rows of authenticated senders.
func recordN(w *DeliveryWriter, n int) {
	for i := range n {
		w.Record(ledger.Delivery{RequestID: fmt.Sprint(i), Outcome: "accepted", Category: categoryOK})
	}
}

func down(int, []ledger.Delivery) error { return fmt.Errorf("insert: %w", ledger.ErrUnavailable) }

func TestRowsAreWrittenInOrderAndInBatches(t *testing.T) {
	s := &table{}
	w, stop := runWriter(t, s, func(w *DeliveryWriter) { w.linger = time.Hour })
	recordN(w, 1000)
	eventually(t, func() bool { return s.len() == 1000 })
	stop()
	if s.tries != 5 {
		t.Errorf("%d batches of up to 200 for 1000 rows", s.tries)
	}
	for i, id := range s.rows {
		if id != fmt.Sprint(i) {
			t.Fatalf("row %d is %s", i, id)
		}
	}
}

func TestRowsWaitForPostgres(t *testing.T) {
	s := &table{fault: func(try int, rows []ledger.Delivery) error {
		if try <= 5 {
			return down(try, rows)
		}
		return nil
	}}
	w, _ := runWriter(t, s, nil)
	recordN(w, 10)
	eventually(t, func() bool { return s.len() == 10 })
	if got := testutil.ToFloat64(w.metrics.DeliveriesDropped); got != 0 {
		t.Errorf("%v rows dropped", got)
	}
}

func TestAFullBufferDropsAndCountsWithoutBlocking(t *testing.T) {
	s := &table{}
	w := NewDeliveryWriter(s.insert, newMetrics(t), logr.Discard())
	recordN(w, cap(w.queue)+7) // nobody writes
	if got := testutil.ToFloat64(w.metrics.DeliveriesDropped); got != 7 {
		t.Errorf("%v rows counted as dropped, want 7", got)
	}
}

func TestOneRowThatCantBeStoredDoesNotHoldUpTheRest(t *testing.T) {
	s := &table{fault: func(_ int, rows []ledger.Delivery) error {
		for _, r := range rows {
			if r.RequestID == "3" {
				return fmt.Errorf("value is refused")
			}
		}
		return nil
	}}
	w, _ := runWriter(t, s, func(w *DeliveryWriter) { w.linger = 50 * time.Millisecond })
	recordN(w, 10)
	eventually(t, func() bool { return s.len() == 9 && testutil.ToFloat64(w.metrics.DeliveriesDropped) == 1 })
}

func TestRowsOfTheDrainAreFlushed(t *testing.T) {
	s := &table{}
	w := NewDeliveryWriter(s.insert, newMetrics(t), logr.Discard())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Start(ctx) }()
	cancel() // the server still drains
	recordN(w, 500)
	w.Close()
	if err := <-done; err != nil || s.len() != 500 {
		t.Errorf("%d rows written, error %v", s.len(), err)
	}
}

func TestStoppingWithoutPostgresEndsAndCounts(t *testing.T) {
	s := &table{fault: down}
	w, stop := runWriter(t, s, func(w *DeliveryWriter) { w.flush = 10 * time.Millisecond })
	recordN(w, 300)
	stop()
	if got := testutil.ToFloat64(w.metrics.DeliveriesDropped); got != 300 {
		t.Errorf("%v rows counted as dropped, want 300", got)
	}
}

func TestStoppingDoesNotWaitForAServerThatNeverCloses(t *testing.T) {
	s := &table{}
	w := NewDeliveryWriter(s.insert, newMetrics(t), logr.Discard())
	w.stopAfter = time.Millisecond
	recordN(w, 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Start(ctx); err != nil || s.len() != 3 {
		t.Errorf("%d rows written, error %v", s.len(), err)
	}
}

// TestRowsOfAuthenticatedSendersHaveAllOfTheQueue tells them by what a row holds,
// under a scheme without message IDs too.
func TestRowsOfAuthenticatedSendersHaveAllOfTheQueue(t *testing.T) {
	bearer := func(s *v1alpha1.WebhookSource) {
		scheme(v1alpha1.AuthBearer)(s)
		secretKeys("bearer")(s)
		s.Spec.EventFilter = `body == null || body.?filter.orValue(true)`
	}
	h := newHarness(t, refusesInvalid(), webhookSource("web", bearer), keySecret())
	token := header("Authorization", "Bearer "+bearerToken)
	bodies := map[string]string{
		"accepted": nativeBody("A-1"), "repeated": nativeBody("A-1"), "payload-conflict": strings.Replace(nativeBody("A-1"), "78701", "78702", 1),
		"invalid-body": `{"a":1}`, "invalid-order": nativeBody("invalid"), "ignored": `{"filter":false}`, "mapping-failed": `{"filter":1}`,
		"card-data": strings.Replace(nativeBody("A-1"), "planted-street", "4111 1111 1111 1111", 1),
	}
	for i, want := range []string{"accepted", "repeated", "payload-conflict", "invalid-body", "invalid-order", "ignored", "mapping-failed", "card-data"} {
		h.send(token, webPath, bodies[want])
		if row := h.records(i + 1)[i]; row.Outcome != want || !proven(row) {
			t.Errorf("%s: row %+v", want, row)
		}
	}
	h.send(nil, webPath, bodies["accepted"])
	if row := h.records(9)[8]; proven(row) {
		t.Errorf("a stranger's row %+v", row)
	}
}
