package oracle

import (
	"strconv"
	"time"
)

// longestAnswer bounds every answer: senders wait no longer than 15 seconds.
const longestAnswer = 15 * time.Second

// forms: what asks to try again says when, every answer carries the request's ID,
// and none is kept waiting by what is slow or away.
func (b *books) forms() {
	for _, o := range b.orders {
		for _, d := range o.deliveries {
			for _, t := range d.Tries {
				if t.Status != 0 {
					b.form(o, t)
				}
			}
		}
	}
}

func (b *books) form(o *order, t Try) {
	if seconds, err := strconv.Atoi(t.RetryAfter); again(t.Status) && (err != nil || seconds < 1) {
		b.say("who has to wait is told how long", o.id, "%d with Retry-After %q", t.Status, t.RetryAfter)
	}
	if t.Echo != t.RequestID {
		b.say("an answer has the request's ID", o.id, "asked as %s, answered as %q", t.RequestID, t.Echo)
	}
	if took := t.Answered.Sub(t.Sent); took > longestAnswer {
		b.say("every answer comes in time", o.id, "%d took %s", t.Status, took)
	}
}
