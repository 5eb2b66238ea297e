package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// ground is what the sites of a drill share.
type ground struct {
	dir, binary string
	postgres    *postgres.Server
}

func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{dir: t.TempDir()}
	var err error
	if g.binary, err = operator.Build(t.Context(), g.dir, ""); err != nil {
		t.Fatal(err)
	}
	if g.postgres, err = postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.postgres.Stop(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func newCluster(t *testing.T) *kube.Cluster {
	t.Helper()
	c, err := kube.Start(t.Context(), kube.Options{Progress: os.Stderr, CRDDirs: []string{stack.CRDs()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() }) // it may have met its end
	return c
}

// together runs a phase at all sites at once.
func together(t *testing.T, phase string, sites map[string]*site, do func(*site, string)) {
	t.Helper()
	ok := t.Run(phase, func(t *testing.T) {
		for name, s := range sites {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				outer := s.t
				s.t = t
				defer func() { s.explain(); s.t = outer }()
				do(s, name)
			})
		}
	})
	if !ok {
		t.FailNow()
	}
}

// The ways back that the drill takes, and the one that must fail: a new database
// without the permanent record, under another installation ID.
const (
	byRestore  = "restored from Postgres"
	byWebhooks = "by webhooks alone"
	bothLost   = "by webhooks into an empty Postgres"
	broken     = "without the record and the installation ID"
)

// TestTheLossOfTheClusterBuysNothingTwice destroys the cluster of some shops in the
// middle of their work, with orders in every state, and brings them back.
func TestTheLossOfTheClusterBuysNothingTwice(t *testing.T) {
	t.Parallel()
	g, first := newGround(t), newCluster(t)
	few := slices.DeleteFunc(kinds(), func(k kind) bool { return k.name != "delivered" && k.name != "cancelled" })
	// Nothing is left that knows that an order was cancelled before it was sent.
	sent := slices.DeleteFunc(kinds(), func(k kind) bool { return k.name == "cancelled" })
	sites := map[string]*site{
		byRestore:  {t: t, ground: g, namespace: "drill-restored", kinds: kinds()},
		byWebhooks: {t: t, ground: g, namespace: "drill-redelivered", kinds: kinds()},
		bothLost:   {t: t, ground: g, namespace: "drill-both", kinds: sent},
		broken:     {t: t, ground: g, namespace: "drill-broken", kinds: few},
	}
	for _, s := range sites {
		s.open(first)
	}
	config := map[string][]client.Object{}
	var mu sync.Mutex
	together(t, "before", sites, func(s *site, name string) {
		s.work()
		objects := s.exported()
		mu.Lock()
		defer mu.Unlock()
		config[name] = objects
	})
	together(t, "the end", sites, func(s *site, _ string) { s.die() })
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}

	second := newCluster(t)
	together(t, "after", sites, func(s *site, name string) {
		s.enter(second)
		if name == bothLost || name == broken {
			s.newDatabase()
		}
		if name == broken {
			for _, o := range config[name] {
				if a, ok := o.(*v1alpha1.ZMAAccount); ok {
					a.Spec.InstallationID = "00000000-0000-4000-8000-000000000000"
				}
			}
		}
		s.configure(config[name])
		s.sim.ClearFaults()
		if name == byRestore {
			s.restore()
		}
		s.start()
		s.redeliver()
		if name == broken {
			s.mustBeNoticed()
			return
		}
		if err := eventually(s.wrong); err != nil {
			s.t.Fatal(err)
		}
	})
}

// work brings every order to where the disaster is to find it.
func (s *site) work() {
	s.t.Helper()
	for phase := early; phase <= late; phase++ {
		s.deliver(s.of(phase))
		if err := eventually(func() error { return s.notThere(phase) }); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := eventually(s.notMirrored); err != nil {
		s.t.Fatal(err)
	}
}

// deliver sends webhooks, all at once.
func (s *site) deliver(orders []*sent) {
	s.t.Helper()
	errs := make([]error, len(orders))
	var all sync.WaitGroup
	for i, o := range orders {
		all.Go(func() { errs[i] = s.send(o) })
	}
	all.Wait()
	s.must(errors.Join(errs...))
}

// notThere tells which orders of a phase are not yet where they should be, and
// pushes those that need it.
func (s *site) notThere(phase int) error {
	orders, err := s.list()
	if err != nil {
		return err
	}
	record := s.sim.Record()
	var errs []error
	for _, o := range s.of(phase) {
		c := orders[o.ID]
		if c == nil {
			return fmt.Errorf("%s is not in the cluster", o.ID)
		}
		if o.there = o.there || o.kind.there(c, record); o.there {
			continue
		}
		errs = append(errs, fmt.Errorf("%s is %s, its attempt %s", o.ID, readyReason(c), state(c)))
		if o.kind.cancelled && !c.Spec.Cancel && o.kind.ready(c) {
			patch := client.MergeFrom(c.DeepCopy())
			c.Spec.Cancel = true
			errs = append(errs, s.client.Patch(context.Background(), c, patch))
		}
		if o.kind.delivered && isReady(c) {
			s.sim.Advance(c.Status.Submission.RequestID)
		}
	}
	return errors.Join(errs...)
}

// die lets some orders come in, kills the controller in the middle of them, and the
// endpoint after some more.
func (s *site) die() {
	s.t.Helper()
	s.deliver(s.of(rush))
	s.controller.Kill()
	s.deliver(s.of(after))
	s.webhook.Kill()
	orders, err := s.list()
	s.must(err)
	if len(orders) != len(s.orders) {
		s.t.Fatalf("%d orders are in the cluster, %d were acknowledged", len(orders), len(s.orders))
	}
	states := map[string]int{}
	for _, o := range orders {
		states[readyReason(o)]++
	}
	s.t.Logf("lost: %d orders, by reason %v", len(orders), states)
}

// restore writes the orders back, twice, and checks that those are there which must
// be, and none that can't be known.
func (s *site) restore() {
	s.t.Helper()
	out := s.command("restore", "--all-open", "--namespace", s.namespace)
	s.t.Log(strings.TrimSpace(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]))
	if again := s.command("restore", "--all-open", "--namespace", s.namespace); !strings.Contains(again, "\n0 restored, ") || !strings.Contains(again, " 0 failed") {
		s.t.Errorf("a second restore is not without effect:\n%s", again)
	}
	orders, err := s.list()
	s.must(err)
	for _, o := range s.orders {
		_, there := orders[o.ID]
		if o.kind.phase != rush && there != o.kind.open {
			s.t.Errorf("%s is restored: %v, want %v", o.ID, there, o.kind.open)
		}
	}
}

// redeliver sends every webhook again, twice at the same time.
func (s *site) redeliver() {
	s.t.Helper()
	s.deliver(s.orders)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for _, o := range s.orders {
				again := *o
				if err := s.send(&again); err != nil {
					s.t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// mustBeNoticed demands that the judge sees what this way back does: it buys again
// what was bought, and what was cancelled.
func (s *site) mustBeNoticed() {
	s.t.Helper()
	err := eventually(func() error {
		wrong := s.wrong()
		for _, want := range []string{"delivered-0: bought 2 times, want 1", "cancelled-0: bought 1 times, want 0", "the ledger has"} {
			if wrong == nil || !strings.Contains(wrong.Error(), want) {
				return fmt.Errorf("the judge does not notice %q; it says: %w", want, wrong)
			}
		}
		return nil
	})
	if err != nil {
		s.t.Error(err)
	}
}
