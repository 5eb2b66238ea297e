package webhookserver

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/webhookserver/internal/limit"
)

// replicaSet is several servers that share their limits through one Postgres.
type replicaSet struct {
	t       *testing.T
	pg      *postgres.Server
	servers []*harness
	source  *v1alpha1.WebhookSource
}

// newReplicaSet starts one server for each clock, which differs from the real one
// by skew.
func newReplicaSet(t *testing.T, source *v1alpha1.WebhookSource, skews ...time.Duration) *replicaSet {
	t.Helper()
	pg, err := postgres.Start(t.Context(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	url := pg.NewDatabase(t)
	if _, _, err := ledger.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	s := &replicaSet{t: t, pg: pg, source: source}
	for _, skew := range skews {
		s.servers = append(s.servers, s.replica(url, func() time.Time { return time.Now().Add(skew) }))
	}
	return s
}

func (s *replicaSet) replica(url string, now func() time.Time) *harness {
	l, err := ledger.Open(context.Background(), ledger.Options{URL: url, Now: now, MaxConns: 4})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(l.Close)
	c := fake.NewClientBuilder().WithScheme(testScheme(s.t)).WithObjects([]client.Object{s.source.DeepCopy(), keySecret()}...).Build()
	h := newHarnessOn(s.t, c, func(o *Options) { o.ShareRates, o.Now = l.ShareRates, now })
	s.t.Cleanup(h.server.startSharing(s.t.Context()))
	return h
}

// hammer asks some replicas as fast as it pays, for a time, and returns how many
// requests were admitted.
func (s *replicaSet) hammer(d time.Duration, servers ...*harness) int64 {
	var n atomic.Int64
	var wg sync.WaitGroup
	end := time.Now().Add(d)
	for _, h := range servers {
		wg.Go(func() {
			tick := time.NewTicker(2 * time.Millisecond) // five times the rate
			defer tick.Stop()
			for ; time.Now().Before(end); <-tick.C {
				err := h.server.limitAfter(http.Header{}, s.source, h.server.o.Now())
				if err == nil {
					n.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return n.Load()
}

func (s *replicaSet) syncs(outcome string) (n float64) {
	for _, h := range s.servers {
		n += testutil.ToFloat64(h.metrics.RateLimitSyncs.WithLabelValues(outcome))
	}
	return n
}

// most is the documented bound for a span.
func most(perSecond, burst float64, replicas int, span time.Duration) int64 {
	n := float64(replicas)
	return int64(perSecond*(span.Seconds()+n*limit.Slack.Seconds()) + n*burst)
}

func TestReplicasShareALimitThroughPostgres(t *testing.T) {
	const span = 8 * time.Second
	source := webhookSource("web", limited(6000, 20, 6000))
	// The second one's clock is hours off: only the database's counts.
	s := newReplicaSet(t, source, 0, -5*time.Hour)
	got := s.hammer(span, s.servers...)
	// Both alone would admit 1640, the bound is 1240. The least allows for a machine
	// that stalls.
	if least := int64(600); got < least || got > most(100, 20, 2, span) {
		t.Errorf("two replicas admitted %d in %s, want %d to %d", got, span, least, most(100, 20, 2, span))
	}
	t.Logf("two busy replicas admitted %d in %s", got, span)
	if s.syncs("ok") == 0 || s.syncs("failed") != 0 {
		t.Errorf("%v exchanges, %v of them failed", s.syncs("ok"), s.syncs("failed"))
	}
}

func TestOneBusyReplicaGetsTheWholeLimit(t *testing.T) {
	const span = 6 * time.Second
	s := newReplicaSet(t, webhookSource("web", limited(6000, 20, 6000)), 0, 0)
	got := s.hammer(span, s.servers[0])
	// Half of its limit would be 320.
	if least := int64(450); got < least || got > most(100, 20, 1, span) {
		t.Errorf("one of two replicas admitted %d in %s, want %d to %d", got, span, least, most(100, 20, 1, span))
	}
}

func TestReplicasGoOnAloneWhilePostgresIsAway(t *testing.T) {
	const span = 4 * time.Second
	s := newReplicaSet(t, webhookSource("web", limited(6000, 20, 6000)), 0, 0)
	s.hammer(2*time.Second, s.servers...)
	if err := s.pg.Pause(); errors.Is(err, postgres.ErrNotOurs) {
		t.Skip(err) // DATABASE_URL names a server that is not ours to stop
	} else if err != nil {
		t.Fatal(err)
	}
	s.hammer(3*time.Second, s.servers...) // until what was shared before has grown back
	got := s.hammer(span, s.servers...)
	if got < 2*300 || got > 2*420 {
		t.Errorf("without Postgres %d were admitted in %s, want twice 400", got, span)
	}
	if s.syncs("failed") == 0 {
		t.Error("no failed exchange is counted")
	}
	if err := s.pg.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := s.syncs("ok")
	eventually(t, func() bool {
		s.hammer(100*time.Millisecond, s.servers...)
		return s.syncs("ok") >= before+4
	})
	if got := s.hammer(2*span, s.servers...); got < 600 || got > most(100, 20, 2, 2*span) {
		t.Errorf("once it is back %d were admitted in %s, want %d to %d", got, 2*span, 600, most(100, 20, 2, 2*span))
	}
}
