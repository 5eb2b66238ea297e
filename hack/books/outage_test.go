package books_test

import (
	"context"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/cut"
)

func TestCuttingPostgresLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	proxy := w.through()
	w.suffer(func() {
		set(t, proxy, cut.Refused)
		time.Sleep(outage(t, 3*time.Second))
		set(t, proxy, cut.On)
	})
	w.hadTrouble()
}

// What was sent into a black hole arrives when it ends, long after its sender has
// given up: a commit among it is one that nobody waits for.
func TestABlackHoleInFrontOfPostgresLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	proxy := w.through()
	w.suffer(func() {
		set(t, proxy, cut.Blackhole)
		time.Sleep(outage(t, 13*time.Second)) // longer than an operation may take
		set(t, proxy, cut.On)
	})
	w.hadTrouble()
}

func set(t *testing.T, p *cut.Proxy, s cut.State) {
	t.Helper()
	if err := p.Set(s); err != nil {
		t.Fatal(err)
	}
}

func TestTerminatedConnectionsLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	conn := w.connect()
	w.suffer(func() {
		for began := time.Now(); time.Since(began) < outage(t, 3*time.Second); time.Sleep(20 * time.Millisecond) {
			if _, err := conn.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
				t.Error(err)
			}
		}
	})
	w.hadTrouble()
}

func TestRestartingPostgresLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.suffer(func() {
		for range 3 {
			skipNotOurs(t, w.server.Pause())
			time.Sleep(200 * time.Millisecond)
			skipNotOurs(t, w.server.Resume(context.Background()))
			time.Sleep(200 * time.Millisecond)
		}
	})
	w.hadTrouble()
}
