package controllers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func sweepKey(n int) string { return fmt.Sprintf("%036d", n) }

// TestTheSweepTellsOfDifferences runs it against a real ledger and the simulator.
func TestTheSweepTellsOfDifferences(t *testing.T) {
	database := startSweepDatabase(t)
	for promise, test := range map[string]func(*sweepWorld){
		"a purchase of somebody else is told of once, until it fails": func(w *sweepWorld) {
			id := w.buy("elsewhere/web/1", sweepKey(1), zmasim.ProductStuck)
			w.sweep(w.sweeper())
			w.expect("") // a minute ago it may have been on its way into the records
			w.pass(time.Hour)
			w.sweep(w.sweeper())
			w.sweep(w.sweeper())
			w.expect(KindUnknownPurchase, id)
			if _, err := w.provider().Abort(w.t.Context(), id); err != nil {
				w.t.Fatal(err)
			}
			w.sweep(w.sweeper())
			w.expect("")
		},
		"a purchase of ours that no record knows is critical": func(w *sweepWorld) {
			id := w.buy("shop/manual/lost", sweepKey(1), zmasim.ProductOK)
			w.pass(time.Hour)
			w.sweep(w.sweeper())
			w.expect(KindOrderOrphaned, id)
		},
		"a lost answer that is not adopted is an orphan, until it is": func(w *sweepWorld) {
			o := w.order("lost-answer", sweepKey(1), v1alpha1.SubmissionUnknown, "")
			id := w.buy("shop/manual/lost-answer", sweepKey(1), zmasim.ProductOK)
			w.pass(30 * time.Minute)
			w.sweep(w.sweeper())
			w.expect("") // the resolver adopts it
			w.pass(time.Hour)
			w.sweep(w.sweeper())
			w.expect(KindOrderOrphaned, id)
			o.Status.Submission.State, o.Status.Submission.RequestID = v1alpha1.SubmissionAccepted, id
			w.must(w.client.Status().Update(w.t.Context(), o))
			w.sweep(w.sweeper())
			w.expect("")
		},
		"a settled order whose object has gone is no orphan": func(w *sweepWorld) {
			o := w.order("done", sweepKey(1), v1alpha1.SubmissionAccepted, "")
			id := w.buy("shop/manual/done", sweepKey(1), zmasim.ProductOK)
			w.must(w.ledger.Settle(w.t.Context(), ledger.Settlement{Identity: v1alpha1.IdentityOf(o), Attempt: 1, RequestID: id, Actor: "test"}))
			w.must(w.client.Delete(w.t.Context(), o))
			w.pass(2 * time.Hour)
			w.sweep(w.sweeper())
			w.expect("")
		},
		"an order that the provider does not list is missing, until it does": func(w *sweepWorld) {
			id := w.buy("shop/manual/accepted", sweepKey(1), zmasim.ProductOK)
			w.order("accepted", sweepKey(1), v1alpha1.SubmissionAccepted, id)
			w.sim.SetListingLag(24 * time.Hour)
			w.pass(time.Minute)
			w.sweep(w.sweeper())
			w.expect("") // the list lags
			w.pass(time.Hour)
			w.sweep(w.sweeper())
			w.expect(KindOrderMissingAtProvider, id)
			w.sim.SetListingLag(0)
			w.sweep(w.sweeper()) // another process than the one that raised it
			w.expect("")
		},
		"an alert does not end because its order is too old to be listed": func(w *sweepWorld) {
			id := w.buy("shop/manual/lost", sweepKey(1), zmasim.ProductOK)
			w.pass(time.Hour)
			w.sweep(w.sweeper())
			w.pass(8 * 24 * time.Hour)
			w.sweep(w.sweeper())
			w.expect(KindOrderOrphaned, id)
			_, err := w.ledger.ResolveAlert(w.t.Context(), "OrderOrphaned/shop/main/"+id) // by a person
			w.must(err)
			w.sweep(w.sweeper())
			w.expect("")
		},
		"thousands of foreign purchases are counted, and do not flood the alerts": func(w *sweepWorld) {
			const many = sweepAlerts + 5
			for n := range many {
				w.buy("elsewhere/web/1", sweepKey(n), zmasim.ProductOK)
			}
			w.pass(time.Hour)
			w.sweep(w.sweeper())
			open, err := w.ledger.OpenAlerts(w.t.Context(), "shop", KindUnknownPurchase)
			w.must(err)
			counted := testutil.ToFloat64(w.metrics.Orphans.WithLabelValues("shop", "main", KindUnknownPurchase))
			if len(open) != sweepAlerts || counted != many {
				w.t.Errorf("%d alerts and %v counted, want %d and %d", len(open), counted, sweepAlerts, many)
			}
		},
		"an account that can't be asked changes no alert":       cantBeAsked,
		"an entry of the list that can't be read is no absence": doubtsAbsence,
		"a sweep only reads":                         onlyReads,
		"the worker sweeps until it is told to stop": sweepsOn,
		"an account that is gone leaves no series":   forgets,
	} {
		t.Run(promise, func(t *testing.T) {
			w := newSweepWorld(t, database)
			test(w)
		})
	}
}

// cantBeAsked: an answer that did not come is no absence.
func cantBeAsked(w *sweepWorld) {
	orphan := w.buy("shop/manual/lost", sweepKey(1), zmasim.ProductOK)
	w.pass(time.Hour)
	s := w.sweeper()
	w.sweep(s)
	success := testutil.ToFloat64(w.metrics.OrphanSweepSuccess.WithLabelValues("shop", "main"))
	accepted := w.buy("shop/manual/accepted", sweepKey(2), zmasim.ProductOK)
	w.order("accepted", sweepKey(2), v1alpha1.SubmissionAccepted, accepted)
	w.pass(time.Hour)

	away := func() (restore func()) {
		w.sim.AddFault(zmasim.Fault{Method: "GET", PathPrefix: "/v1/orders", Kind: zmasim.ErrorBefore})
		return w.sim.ClearFaults
	}
	noToken := func() (restore func()) {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "zma"}}
		w.must(w.client.Get(w.t.Context(), client.ObjectKey{Namespace: "shop", Name: "zma"}, secret))
		w.must(w.client.Delete(w.t.Context(), secret))
		return func() {
			secret.ResourceVersion = ""
			w.must(w.client.Create(w.t.Context(), secret))
		}
	}
	for n, failing := range []func() func(){away, noToken} {
		restore := failing()
		if err := s.Sweep(w.t.Context()); err == nil {
			w.t.Error("a failing provider is not told of")
		}
		w.expect(KindOrderOrphaned, orphan)
		if got := testutil.ToFloat64(w.metrics.OrphanSweepErrors.WithLabelValues("shop", "main")); got != float64(n+1) {
			w.t.Errorf("%v errors counted, want %d", got, n+1)
		}
		if got := testutil.ToFloat64(w.metrics.OrphanSweepSuccess.WithLabelValues("shop", "main")); got != success {
			w.t.Error("a failed sweep passes for a success")
		}
		restore()
	}
	w.sweep(s)
	w.expect(KindOrderOrphaned, orphan)
	if got := testutil.ToFloat64(w.metrics.OrphanSweepSuccess.WithLabelValues("shop", "main")); got != float64(w.now().Unix()) {
		w.t.Errorf("the last success is %v, want now", got)
	}
}

// onlyReads: neither the provider nor the cluster is written to, whatever is found.
func onlyReads(w *sweepWorld) {
	w.buy("shop/manual/lost", sweepKey(1), zmasim.ProductOK)
	o := w.order("open", sweepKey(2), v1alpha1.SubmissionAccepted, "0123456789abcdef0123456789abcdef")
	w.pass(2 * time.Hour)
	before := w.wrote()
	w.sweep(w.sweeper())
	if after := w.wrote(); after != before {
		w.t.Errorf("%d calls at the provider that are no reads", after-before)
	}
	var after v1alpha1.ZMAOrder
	w.must(w.client.Get(w.t.Context(), client.ObjectKeyFromObject(o), &after))
	if after.ResourceVersion != o.ResourceVersion {
		w.t.Error("the order was written")
	}
}

func sweepsOn(w *sweepWorld) {
	w.buy("shop/manual/lost", sweepKey(1), zmasim.ProductOK)
	w.pass(time.Hour)
	s := w.sweeper()
	s.Every = 10 * time.Millisecond
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Start(ctx) }()
	occurrences := func() int {
		n := 0
		for _, r := range w.sim.Record().Requests {
			if r.Path == "/v1/orders" && r.Method == "GET" {
				n++
			}
		}
		return n
	}
	for deadline := time.Now().Add(20 * time.Second); occurrences() < 4; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("the worker does not sweep again")
		}
	}
	cancel()
	w.must(<-ended)
	open, err := w.ledger.OpenAlerts(w.t.Context(), "shop", KindOrderOrphaned)
	w.must(err)
	if len(open) != 1 || !s.NeedLeaderElection() {
		w.t.Errorf("open alerts: %v, by the leader alone: %t", open, s.NeedLeaderElection())
	}
}

// forgets: the series of an account that is gone would alert for ever.
func forgets(w *sweepWorld) {
	w.buy("shop/manual/lost", sweepKey(1), zmasim.ProductOK)
	w.pass(time.Hour)
	s := w.sweeper()
	w.sweep(s)
	if n := testutil.CollectAndCount(w.metrics.Orphans); n != len(sweepKinds()) {
		w.t.Errorf("%d series of an account, want one for each kind", n)
	}
	w.must(w.client.Delete(w.t.Context(), w.account))
	w.sweep(s)
	if n := testutil.CollectAndCount(w.metrics.Orphans) + testutil.CollectAndCount(w.metrics.OrphanSweepSuccess); n != 0 {
		w.t.Errorf("%d series of an account that is gone", n)
	}
}

// patchyList is a provider whose list holds an entry that can't be read.
type patchyList struct{ zma.Client }

func (p patchyList) List(ctx context.Context, since time.Time, visit func(zma.Observation) bool) error {
	visit(zma.Observation{})
	return p.Client.List(ctx, since, visit)
}

func (p patchyList) For(context.Context, *v1alpha1.ZMAAccount) (zma.Client, error) { return p, nil }

// doubtsAbsence: an entry that can't be read may be the order that seems to be
// missing.
func doubtsAbsence(w *sweepWorld) {
	orphan := w.buy("shop/manual/lost", sweepKey(1), zmasim.ProductOK)
	w.order("accepted", sweepKey(2), v1alpha1.SubmissionAccepted, "0123456789abcdef0123456789abcdef")
	w.pass(time.Hour)
	s := w.sweeper()
	s.Providers = patchyList{w.provider()}
	if err := s.Sweep(w.t.Context()); err == nil {
		w.t.Error("a list that can't be read passes for a whole one")
	}
	w.expect(KindOrderOrphaned, orphan)
}

func TestEachKindOfDifferenceHasARunbook(t *testing.T) {
	for kind := range sweepKinds() {
		if _, err := os.Stat(filepath.Join("..", "docs", "runbooks", kind+".md")); err != nil {
			t.Error(err)
		}
	}
}
