package pace

import (
	"slices"
	"strings"
	"time"
)

type waiter struct {
	order   Key
	created time.Time
}

// queue holds the orders that wait, oldest first.
type queue struct {
	waiters []waiter
	known   map[Key]struct{}
}

func compare(a, b waiter) int {
	if c := a.created.Compare(b.created); c != 0 {
		return c
	}
	return strings.Compare(a.order.String(), b.order.String())
}

func (q *queue) len() int { return len(q.waiters) }

func (q *queue) add(order Key, created time.Time) {
	if _, ok := q.known[order]; ok {
		return
	}
	if q.known == nil {
		q.known = map[Key]struct{}{}
	}
	w := waiter{order: order, created: created}
	i, _ := slices.BinarySearchFunc(q.waiters, w, compare)
	q.waiters = slices.Insert(q.waiters, i, w)
	q.known[order] = struct{}{}
}

func (q *queue) remove(order Key) {
	if _, ok := q.known[order]; !ok {
		return
	}
	delete(q.known, order)
	q.waiters = slices.DeleteFunc(q.waiters, func(w waiter) bool { return w.order == order })
}

func (q *queue) pop() Key {
	first := q.waiters[0]
	q.waiters = q.waiters[1:]
	delete(q.known, first.order)
	return first.order
}

// olderThan tells whether another order that waits is older.
func (q *queue) olderThan(order Key, created time.Time) bool {
	return len(q.waiters) > 0 && q.waiters[0].order != order && compare(q.waiters[0], waiter{order: order, created: created}) < 0
}
