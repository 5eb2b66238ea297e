package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

func use(scope string, taken, behind time.Duration) ledger.RateUse {
	return ledger.RateUse{Scope: scope, Taken: taken, Behind: behind}
}

// share expects no error and returns seconds, rounded: the database's clock goes
// on between two calls.
func (d *db) share(uses ...ledger.RateUse) []float64 {
	d.t.Helper()
	behind, err := d.ShareRates(d.t.Context(), uses)
	if err != nil {
		d.t.Fatal(err)
	}
	out := make([]float64, len(behind))
	for i, b := range behind {
		out[i] = b.Round(10 * time.Second).Seconds()
	}
	return out
}

func TestRatesAreOneBucketForAll(t *testing.T) {
	d := newDB(t)
	second := d.open(d.url)
	steps := []struct {
		reason string
		who    *ledger.Ledger
		use    ledger.RateUse
		want   float64
	}{
		{"the first tells of its own bucket", d.Ledger, use("a", 600*time.Second, 600*time.Second), 600},
		{"the second adds to it", second, use("a", 300*time.Second, 300*time.Second), 900},
		{"who took nothing learns what was taken", second, use("a", 0, 0), 900},
		{"who knows of more than is counted is believed", second, use("a", 0, 2000*time.Second), 2000},
		{"another bucket is another", second, use("b", 0, 0), 0},
	}
	for _, s := range steps {
		behind, err := s.who.ShareRates(t.Context(), []ledger.RateUse{s.use})
		if err != nil {
			t.Fatal(err)
		}
		if got := behind[0].Seconds(); got > s.want || got < s.want-30 {
			t.Errorf("%s: %.1f s behind, want %.0f", s.reason, got, s.want)
		}
	}
}

func TestAnswersAreInTheOrderOfTheUses(t *testing.T) {
	d := newDB(t)
	var uses []ledger.RateUse
	var want []float64
	for i := range 5000 {
		behind := time.Duration(100*i) * time.Second
		uses, want = append(uses, use(fmt.Sprint(i), behind, behind)), append(want, behind.Seconds())
	}
	if diff := cmp.Diff(want, d.share(uses...)); diff != "" {
		t.Error(diff)
	}
	if got := d.share(); len(got) != 0 {
		t.Errorf("nothing was asked, answered %v", got)
	}
}

// A bucket that was full for a while gains nothing by it: what was taken counts
// from when it was taken.
func TestABucketIsNeverMoreThanFull(t *testing.T) {
	d := newDB(t)
	d.share(use("a", 0, 0))
	d.must(d.exec(`UPDATE rate_limits SET full_at = now() - interval '4 minutes'`))
	if got := d.share(use("a", 100*time.Second, 100*time.Second)); got[0] != 100 {
		t.Errorf("%v s behind, want 100", got)
	}
}

// The program's clock decides nothing: a replica whose clock is hours off shares
// like the others.
func TestOnlyTheDatabasesClockCounts(t *testing.T) {
	d := newDB(t)
	d.share(use("a", 100*time.Second, 100*time.Second))
	d.clock.add(5 * time.Hour)
	if got := d.share(use("a", 100*time.Second, 0)); got[0] != 200 {
		t.Errorf("a clock ahead: %v s behind, want 200", got)
	}
	d.clock.add(-10 * time.Hour)
	if got := d.share(use("a", 100*time.Second, 0)); got[0] != 300 {
		t.Errorf("a clock behind: %v s behind, want 300", got)
	}
}

// hammer lets many share the same buckets at once, a second for each use.
func (d *db) hammer(workers, rounds, keys int) error {
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range rounds {
				uses := make([]ledger.RateUse, keys)
				for i := range uses {
					// Each begins elsewhere, so that they would meet head on without an order.
					uses[i] = use(fmt.Sprint((i*7+w*11)%keys), time.Second, 0)
				}
				_, err := d.ShareRates(context.Background(), uses)
				errs[w] = errors.Join(errs[w], err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestTwentyShareAtOnceAndNothingIsLost(t *testing.T) {
	d := newDB(t)
	const workers, rounds, keys = 20, 10, 50
	d.must(d.hammer(workers, rounds, keys))
	for i := range keys {
		behind, err := d.ShareRates(t.Context(), []ledger.RateUse{use(fmt.Sprint(i), 0, 0)})
		// Some of it has grown back since.
		if err != nil || behind[0] < workers*rounds*time.Second/2 || behind[0] > workers*rounds*time.Second {
			t.Fatalf("key %d is %s behind (%v), want about %d s", i, behind[0], err, workers*rounds)
		}
	}
}

func TestTwentyShareWhileRowsAreForgotten(t *testing.T) {
	d := newDB(t) // at noon, each call forgets
	conn, done, stop := connect(t, d.url), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := conn.Exec(context.Background(), `UPDATE rate_limits SET full_at = now() - interval '1 hour'
WHERE key IN (SELECT key FROM rate_limits ORDER BY key FOR UPDATE)`); err != nil {
				t.Error(err)
			}
		}
	}()
	err := d.hammer(20, 10, 50)
	close(stop)
	<-done
	d.must(err)
}

func TestRowsThatAreLongFullAreForgotten(t *testing.T) {
	d := newDB(t)
	d.clock.set(noon.Add(time.Second))
	d.share(use("old", 0, 0), use("young", 0, 2*time.Minute), use("empty", 0, time.Hour))
	d.must(d.exec(`UPDATE rate_limits SET full_at = full_at - interval '6 minutes'`))
	d.share(use("other", 0, 0))
	if got := value[int](d, `SELECT count(*) FROM rate_limits`); got != 4 {
		t.Fatalf("%d rows, want 4: they are looked for once a minute", got)
	}
	d.clock.set(noon.Add(time.Minute))
	d.share(use("other", 0, 0))
	if got := value[int](d, `SELECT count(*) FROM rate_limits`); got != 3 {
		t.Errorf("%d rows, want 3: one was full for more than five minutes", got)
	}
}

func TestRowsDoNotTellOfWhom(t *testing.T) {
	d, other := newDB(t), newDB(t)
	scope := "0d2ecb2c-9a4f-4a2b-8b41-3a0b1f6a8c11/shop/web/192.0.2.7|600|20"
	keyOf := func(d *db) string {
		d.share(use(scope, 0, 0))
		return value[string](d, `SELECT max(key) FROM rate_limits`)
	}
	first := keyOf(d)
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(first) {
		t.Errorf("key %q", first)
	}
	if again := keyOf(d); again != first {
		t.Errorf("one bucket has the keys %q and %q", first, again)
	}
	if elsewhere := keyOf(other); elsewhere == first {
		t.Error("another database has the same key: addresses could be tried with the UID alone")
	}
	whole := value[string](d, `SELECT string_agg(r::text, ' ') FROM rate_limits r`)
	for _, secret := range []string{"shop", "192.0.2.7", "0d2ecb2c"} {
		if strings.Contains(whole, secret) {
			t.Errorf("the table holds %q: %s", secret, whole)
		}
	}
	d.must(d.exec(`UPDATE rate_limit_secret SET secret = decode(repeat('ab', 32), 'hex')`))
	d.share(use(scope, 0, 0))
	if got := value[int](d, `SELECT count(*) FROM rate_limits`); got != 2 {
		t.Errorf("%d rows after the secret was replaced, want another beside the first", got)
	}
}

func TestSharingFailsInTimeWhenTheDatabaseIsSlow(t *testing.T) {
	d := newDB(t)
	d.share(use("a", 0, 0))
	holder := connect(t, d.url)
	if _, err := holder.Exec(t.Context(), `BEGIN; LOCK TABLE rate_limits`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.ShareRates(ctx, []ledger.RateUse{use("a", 0, 0)}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if _, err := holder.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	d.share(use("a", 0, 0))
}
