package ledger_test

import (
	"sync"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// event is a delivery of a request that looked like an attack.
func event(source, what string, at time.Time) ledger.Delivery {
	return ledger.Delivery{At: at, Namespace: "shop", Source: source, SecurityEvent: what, ClientHash: "c", Status: 401}
}

// TestSecurityEventsLeaveARowForEachMinuteHoweverManyThereAre writes as the endpoint
// does, with its rights alone, and gathers with those of the controllers.
func TestSecurityEventsLeaveARowForEachMinuteHoweverManyThereAre(t *testing.T) {
	s := newStaff(t)
	endpoint, controllers := s.ledgerAs("zma_intake"), s.ledgerAs("zma_operator")
	var flood sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		flood.Go(func() {
			var all []ledger.Delivery
			for n := range 50 {
				all = append(all, event("web", "bad_signature", noon.Add(time.Duration(n)*time.Second)),
					event("web", "replay", noon), event("other", "bad_signature", noon), event("web", "", noon))
			}
			errs[i] = endpoint.InsertDeliveries(t.Context(), all)
		})
	}
	flood.Wait()
	for _, err := range errs {
		s.must(err)
	}
	s.must(endpoint.InsertDeliveries(t.Context(), []ledger.Delivery{event("web", "bad_signature", noon.Add(time.Minute))}))
	gather := func(at time.Time, want int) {
		t.Helper()
		s.clock.set(at)
		if rows, err := controllers.AuditSecurityEvents(t.Context()); err != nil || rows != want {
			t.Errorf("at %s it gathered %d, %v; want %d", at.Format("15:04:05"), rows, err, want)
		}
	}
	gather(noon.Add(89*time.Second), 0)
	gather(noon.Add(90*time.Second), 3)
	gather(noon.Add(90*time.Second), 0)
	gather(noon.Add(10*time.Minute), 1)
	got := s.trail("security", `to_char(at AT TIME ZONE 'UTC', 'HH24:MI:SS'), actor, namespace, object, detail->>'event', detail->>'count', length(inputs_digest)`)
	want := "12:00:00 endpoint shop other bad_signature 200 64; 12:00:00 endpoint shop web bad_signature 200 64; " +
		"12:00:00 endpoint shop web replay 200 64; 12:01:00 endpoint shop web bad_signature 1 64"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := value[int64](s.db, `SELECT count(*) FROM security_events`); n != 0 {
		t.Errorf("%d events are left", n)
	}
	if n := value[int64](s.db, `SELECT count(DISTINCT inputs_digest) FROM audit_log`); n != 4 {
		t.Errorf("%d digests of four rows", n)
	}
}

// TestALateSecurityEventIsNotLost comes after its minute was gathered.
func TestALateSecurityEventIsNotLost(t *testing.T) {
	d := newDB(t)
	d.clock.set(noon.Add(time.Hour))
	for n := 1; n <= 2; n++ {
		for range n {
			d.must(d.InsertDeliveries(t.Context(), []ledger.Delivery{event("web", "card_number", noon)}))
		}
		_, err := d.AuditSecurityEvents(t.Context())
		d.must(err)
	}
	if got, want := d.trail("security", `detail->>'event', detail->>'count'`), "card_number 1; card_number 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
