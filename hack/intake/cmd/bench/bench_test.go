package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/intake/load"
)

// TestBothKindsOfWorkAreMeasured runs a short benchmark once. It leaves out the
// promise about time, which a loaded machine could not keep.
func TestBothKindsOfWorkAreMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts Kubernetes and PostgreSQL")
	}
	path := filepath.Join(t.TempDir(), "figures.json")
	var report strings.Builder
	err := bench(t.Context(), []string{"-rounds=1", "-over=1s", "-turn=500ms", "-step=500ms", "-workers=2", "-others=1", "-cores=shared", "-json=" + path}, &report, t.Output())
	t.Logf("the report:\n%s", report.String())
	raw, readErr := os.ReadFile(path)
	if readErr != nil {
		t.Fatalf("no figures: %v; the benchmark ended with %v", readErr, err)
	}
	var f figures
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]level{"half": f.Half, "full": f.Full} {
		for _, p := range l.Rounds {
			if p.Webhook.Done == 0 || p.Create.Done == 0 || len(l.Failures)+len(l.CreateFailures) > 0 {
				t.Errorf("at %s capacity: %+v", name, p)
			}
			if p.Own.Count != p.Webhook.Done || p.Own.P50 <= 0 || p.Own.P50 >= p.Webhook.P50 {
				t.Errorf("at %s capacity, of %d webhooks with a median of %v, our own parts are %+v", name, p.Webhook.Done, p.Webhook.P50, p.Own)
			}
			if p.EndpointMean <= 0 || p.APIServerMean <= 0 {
				t.Errorf("at %s capacity the servers' clocks say %v and %v", name, p.EndpointMean, p.APIServerMean)
			}
		}
	}
	if (err == nil) != (len(f.Broken()) == 0) || !strings.Contains(report.String(), "webhook benchmark: ") {
		t.Errorf("the benchmark ended with %v, and is broken: %q", err, f.Broken())
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for reason, args := range map[string][]string{
		"no round":                     {"-rounds=0"},
		"no time":                      {"-over=0s"},
		"turns without end":            {"-turn=0s"},
		"no time to search":            {"-step=0s"},
		"no patience":                  {"-patience=0s"},
		"nobody sends":                 {"-workers=0"},
		"no such cores":                {"-cores=mine"},
		"no such time":                 {"-garbage=never"},
		"less than nothing":            {"-capacity=-1"},
		"an argument beside the flags": {"half"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is accepted: %s", args, reason)
		}
	}
	if o, err := parse(nil); err != nil || o.rounds != 5 {
		t.Errorf("the defaults are %+v, %v", o, err)
	}
}

func round(webhookP99, createP99 float64, failures map[string]int) pair {
	return pair{Webhook: series{Offered: 100, P50: webhookP99 / 2, P99: webhookP99, Failures: failures}, Create: series{P50: createP99 / 2, P99: createP99}, Own: own{P50: 1, P99: 2}, EndpointMean: 4, APIServerMean: 3}
}

func TestTheMedianRoundDecides(t *testing.T) {
	tooFew := round(11, 10, nil)
	tooFew.Webhook.Offered = 40
	slow, other, both := round(12, 10, nil), round(12, 10, nil), round(20, 10, nil)
	slow.Own.P99, other.Own.P99, both.Own.P99 = 5, 40, 5
	for reason, c := range map[string]struct {
		rounds []pair
		broken int
	}{
		"every round is well":                     {[]pair{round(12, 10, nil), round(11, 10, nil), round(12, 9, nil)}, 0},
		"one round was disturbed":                 {[]pair{round(12, 10, nil), round(90, 10, nil), round(11, 10, nil)}, 0},
		"most rounds are too slow":                {[]pair{round(16, 10, nil), round(15, 10, nil), round(11, 10, nil)}, 1},
		"one was disturbed for the Creates alone": {[]pair{round(16, 10, nil), round(15, 10, nil), round(11, 80, nil)}, 1},
		"each webhook took too long by itself":    {[]pair{slow, round(12, 10, nil), slow}, 1},
		"each round's webhooks differ":            {[]pair{slow, round(12, 10, nil), other}, 1},
		"both measures are broken":                {[]pair{both, both, round(12, 10, nil)}, 2},
		"a webhook was not taken":                 {[]pair{round(12, 10, map[string]int{"503": 1}), round(11, 10, nil), round(12, 9, nil)}, 1},
		"every round says something else":         {[]pair{round(12, 10, nil), round(10, 50, nil), round(60, 10, nil)}, 1},
		"hardly a turn of a round counts":         {[]pair{round(12, 10, nil), tooFew, round(11, 10, nil)}, 1},
		"two rounds tell nothing":                 {[]pair{round(12, 10, nil), round(11, 10, nil)}, 1},
	} {
		f := figures{Seconds: 2, Half: level{PerSecond: 50, Rounds: c.rounds}}
		f.Half.sum()
		if got := f.Broken(); len(got) != c.broken {
			t.Errorf("%s: broken is %q, want %d", reason, got, c.broken)
		}
	}
}

func TestFiguresAreOverTheRounds(t *testing.T) {
	l := level{Rounds: []pair{round(12, 10, nil), round(20, 8, nil), round(15, 10, nil)}}
	l.Rounds[1].Others, l.Rounds[1].LeftOut, l.Rounds[2].LeftOut = .04, 2, 1
	l.sum()
	if s := l.ShareP99; s.Median != 5 || s.Least != 2 || s.Most != 12 || s.Error < 3.2 || s.Error > 3.3 {
		t.Errorf("our share is %+v", s)
	}
	if l.RatioP99.Median != 1.5 || l.Webhook.P99.Most != 20 || l.Create.P99.Least != 8 || l.ShareMean.Median != 1 || l.Others != .04 || l.LeftOut != 3 {
		t.Errorf("the figures are %+v", l)
	}
}

// TestARoundWithoutAnyTurnIsReported: a machine that was never quiet is a result too.
func TestARoundWithoutAnyTurnIsReported(t *testing.T) {
	f := figures{Seconds: 2, Half: level{PerSecond: 50, Rounds: make([]pair, 3)}, Full: level{PerSecond: 100, Rounds: make([]pair, 3)}}
	f.Half.sum()
	f.Full.sum()
	path := filepath.Join(t.TempDir(), "figures.json")
	if err := f.write(path); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	if err := f.report(&out); err != nil || !strings.Contains(out.String(), "webhook benchmark: FAIL other programs were too busy") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

func TestASeriesIsInMilliseconds(t *testing.T) {
	s := newSeries(load.Result{Offered: 3, Latencies: []time.Duration{time.Millisecond, 2500 * time.Microsecond}, Lags: []time.Duration{100 * time.Microsecond}, Failures: map[string]int{"503": 1}})
	want := series{Offered: 3, Done: 2, P50: 2.5, P99: 2.5, Max: 2.5, LagP99: .1, Failures: map[string]int{"503": 1}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}
