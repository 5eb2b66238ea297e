package controllers

import (
	"slices"
	"sync"

	"github.com/zma-operator/zma-operator/internal/callback"
)

// maxEarlyHints bounds the memory for hints at orders that may never come.
const maxEarlyHints = 1024

// earlyHints holds the latest hints that no order has claimed. The zero value is
// empty.
type earlyHints struct {
	mu     sync.Mutex
	held   map[callback.Hint]bool
	oldest []callback.Hint // first; those held, in the order they came
}

// keep holds a hint, and lets the oldest go for it.
func (e *earlyHints) keep(hint callback.Hint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held[hint] {
		return
	}
	if e.held == nil {
		e.held = map[callback.Hint]bool{}
	}
	if len(e.oldest) == maxEarlyHints {
		delete(e.held, e.oldest[0])
		e.oldest = slices.Delete(e.oldest, 0, 1)
	}
	e.held[hint] = true
	e.oldest = append(e.oldest, hint)
}

// take tells whether a hint was held, and lets it go.
func (e *earlyHints) take(hint callback.Hint) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.held[hint] {
		return false
	}
	delete(e.held, hint)
	i := slices.Index(e.oldest, hint)
	e.oldest = slices.Delete(e.oldest, i, i+1)
	return true
}
