package webhookserver

import (
	"context"
	"fmt"
	"time"

	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/webhookserver/internal/limit"
)

const (
	// maxShared keys are exchanged at once; the rest waits for the next time.
	maxShared = 5000
	// shareTimeout ends an exchange with a slow database. Requests don't wait for it
	// either way.
	shareTimeout = 2 * time.Second
)

// ShareFunc adds what this replica took to the token buckets of all replicas, and
// returns how long each needs to be full.
type ShareFunc func(context.Context, []ledger.RateUse) ([]time.Duration, error)

// startSharing begins exchanges with other replicas. They go on after ctx has
// ended, since requests do; stop ends them with a last one, so that what was taken
// here still counts.
func (s *Server) startSharing(ctx context.Context) (stop func()) {
	if s.o.ShareRates == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.shareRates(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// shareRates exchanges until ctx ends. An outage leaves two lines in the log, not
// one each second.
func (s *Server) shareRates(ctx context.Context) {
	tick := time.NewTicker(limit.Period)
	defer tick.Stop()
	alone := false
	for last := false; !last; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			last = true
		}
		err := s.exchangeRates(context.WithoutCancel(ctx))
		switch {
		case err != nil && !alone:
			s.o.Log.Info("rate limits are not shared with other replicas", "error", err.Error())
		case err == nil && alone:
			s.o.Log.Info("rate limits are shared with other replicas again")
		}
		alone = err != nil
	}
}

// exchangeRates tells what was taken here and learns what was taken elsewhere.
// Sources go first: they are few, and clients are as many as an attacker likes.
func (s *Server) exchangeRates(ctx context.Context) error {
	now := s.o.Now()
	sources := s.sources.Collect(maxShared, now)
	clients := s.clients.Collect(maxShared-len(sources), now)
	if len(sources)+len(clients) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shareTimeout)
	defer cancel()
	behind, err := s.o.ShareRates(ctx, append(rateUses(sources), rateUses(clients)...))
	if err != nil {
		s.o.Metrics.RateLimitSyncs.WithLabelValues("failed").Inc()
		return fmt.Errorf("share rate limits: %w", err)
	}
	s.o.Metrics.RateLimitSyncs.WithLabelValues("ok").Inc()
	s.sources.Learn(sources, behind[:len(sources)], s.o.Now())
	s.clients.Learn(clients, behind[len(sources):], s.o.Now())
	return nil
}

// rateUses names each bucket with its limits: those of changed limits have a row
// of their own, which begins with what is used up.
func rateUses(uses []limit.Use) []ledger.RateUse {
	out := make([]ledger.RateUse, len(uses))
	for i, u := range uses {
		out[i] = ledger.RateUse{Scope: fmt.Sprintf("%s|%d|%d", u.Key, u.Rate.PerMinute, u.Rate.Burst), Taken: u.Taken, Behind: u.Behind}
	}
	return out
}
