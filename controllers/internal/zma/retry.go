package zma

import (
	"context"
	"errors"
	"fmt"
)

// Retry asks for a new order in place of a failed one. The key goes into the
// body, as with Submit: without one a lost answer could not be repeated.
func (c *v1) Retry(ctx context.Context, requestID, key string) (string, error) {
	if len(key) != keyLength {
		return "", unsent(callRetry, fmt.Errorf("%w: the idempotency key has %d characters, not %d", ErrRequest, len(key), keyLength))
	}
	id, err := c.begin(ctx, callRetry, requestID, "/retry", map[string]string{"idempotency_key": key})
	var failed *CallError
	if !errors.As(err, &failed) {
		return id, err
	}
	c.countUnknown(failed.Code)
	if leavesOpen(failed) {
		failed.Kind = KindUnreadable
	}
	return "", failed
}

// leavesOpen tells whether the provider's answer to a retry leaves open if there
// is a new order, by the same rules as its answer to a paid call.
func leavesOpen(e *CallError) bool {
	class := classifyV1(e.Code)
	switch e.Kind {
	case KindRefused, KindNotFound:
		return !class.Known || class.Class == RetryLater || hintsAtOrder(class.Class)
	case KindUnauthorized, KindRateLimited:
		return hintsAtOrder(class.Class)
	}
	return false
}
