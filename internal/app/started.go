package app

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
)

// started knows whether the caches are complete: the manager starts it after
// them.
type started struct{ flag atomic.Bool }

// Start notes that the caches are complete.
func (s *started) Start(context.Context) error {
	s.flag.Store(true)
	return nil
}

// NeedLeaderElection is false: a replica that waits to lead is ready, too.
func (s *started) NeedLeaderElection() bool { return false }

func (s *started) done() bool { return s.flag.Load() }

func (s *started) check(*http.Request) error {
	if !s.done() {
		return errors.New("the caches are not complete")
	}
	return nil
}
