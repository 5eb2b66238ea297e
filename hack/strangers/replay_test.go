package strangers

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// sent is a request that was accepted once.
type sent struct {
	party  *party
	header http.Header
	body   []byte
	reply  reply
}

// TestAReplayMakesNothing sends accepted requests again: within the window they
// are answered as before, by the same body, and counted; after it, those that sign
// a time are refused.
func TestAReplayMakesNothing(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	// Signed so long ago that the window ends soon.
	at := time.Now().Add(-tolerance + 4*time.Second)
	var all []sent
	for _, p := range x.world.parties {
		m := newMessage(at)
		s := sent{party: p, header: p.sign(p.secret.signing, m), body: m.body}
		s.reply = x.post(t, x.world.path(p.name), s.header, s.body)
		if s.reply.status != http.StatusAccepted {
			t.Fatalf("%s: %v", p.name, s.reply)
		}
		w.expect(s.reply)
		all = append(all, s)
	}
	for _, s := range all {
		before := x.events(t, "replay", s.party.name)
		s.again(t, x)
		if grown := x.events(t, "replay", s.party.name) - before; (grown == 1) != s.party.stamped {
			t.Errorf("%s: %v replays were counted", s.party.name, grown)
		}
	}
	time.Sleep(time.Until(at.Add(tolerance + 1500*time.Millisecond)))
	for _, s := range all {
		if !s.party.stamped {
			s.again(t, x) // its honest repetitions look the same
			continue
		}
		before := x.events(t, "stale_signature", s.party.name)
		refused(t, s.party.name+" after the window", x.post(t, x.world.path(s.party.name), s.header, s.body))
		if grown := x.events(t, "stale_signature", s.party.name) - before; grown != 1 {
			t.Errorf("%s: %v stale signatures were counted", s.party.name, grown)
		}
	}
}

// again repeats a request, whose order stays as it is.
func (s sent) again(t *testing.T, x *target) {
	t.Helper()
	stored, err := x.world.order(t.Context(), s.reply.orders[0])
	if err != nil {
		t.Fatal(err)
	}
	r := x.post(t, x.world.path(s.party.name), s.header, s.body)
	if r.status != http.StatusOK || !slices.Equal(r.body, s.reply.body) {
		t.Errorf("%s again: %v", s.party.name, r)
	}
	now, err := x.world.order(t.Context(), s.reply.orders[0])
	if err != nil || now.UID != stored.UID || now.ResourceVersion != stored.ResourceVersion {
		t.Errorf("%s again: the order has changed: %v", s.party.name, err)
	}
}

// TestAReplayDoesNotBringAnOrderBack sends a request again whose order was removed
// in the meantime: it is answered as before, and nothing is made.
func TestAReplayDoesNotBringAnOrderBack(t *testing.T) {
	x := theWorld(t).main
	watch(t, x)
	for _, p := range x.world.parties {
		if !p.stamped {
			continue // without a time a repetition can't be told from a new wish
		}
		m := newMessage(time.Now())
		s := sent{party: p, header: p.sign(p.secret.signing, m), body: m.body}
		if s.reply = x.post(t, x.world.path(p.name), s.header, s.body); s.reply.status != http.StatusAccepted {
			t.Fatalf("%s: %v", p.name, s.reply)
		}
		x.world.remove(t, s.reply.orders[0])
		if r := x.post(t, x.world.path(p.name), s.header, s.body); r.status != http.StatusOK || !slices.Equal(r.body, s.reply.body) {
			t.Errorf("%s again: %v", p.name, r)
		}
	}
}

// remove deletes an order as if it had come to its end.
func (w *world) remove(t *testing.T, name string) {
	t.Helper()
	o, err := w.order(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	o.Finalizers = nil
	if err := w.site.Client.Update(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := w.site.Client.Delete(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// TestClocksMayDifferByTheToleranceAndNoMore signs at both edges of what a source
// tolerates.
func TestClocksMayDifferByTheToleranceAndNoMore(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	const near = 2 * time.Second
	for _, p := range x.world.parties {
		if !p.stamped {
			continue
		}
		for reason, tc := range map[string]struct {
			off  time.Duration
			pass bool
		}{
			"late, just in time":  {-tolerance + near, true},
			"late":                {-tolerance - near, false},
			"early, just in time": {tolerance - near, true},
			"early":               {tolerance + near, false},
			"very early":          {1000 * time.Hour, false},
			"at the beginning":    {-time.Since(time.Unix(0, 0)), false},
			"in the far future":   {200 * 365 * 24 * time.Hour, false},
			"on time":             {0, true},
			"late by the seconds of a time in milliseconds": {-time.Since(time.Unix(0, 0)) * 999 / 1000, false},
		} {
			m := newMessage(time.Now().Add(tc.off))
			r := x.post(t, x.world.path(p.name), p.sign(p.secret.signing, m), m.body)
			switch {
			case !tc.pass:
				refused(t, p.name+", "+reason, r)
			case r.status != http.StatusAccepted:
				t.Errorf("%s, %s: %v", p.name, reason, r)
			default:
				w.expect(r)
			}
		}
	}
}
