package oracle

import (
	"net/http"
	"time"
)

// truth: every answer that was ever given holds.
func (b *books) truth() {
	for _, o := range b.orders {
		firsts := 0
		for _, d := range o.deliveries {
			for _, t := range d.Tries {
				b.answer(o, d, t)
				if t.Status == http.StatusAccepted {
					firsts++
				}
			}
		}
		if firsts > 1 {
			b.say("an order is made once", o.id, "%d answers say that it was made: %s", firsts, story(o.deliveries))
		}
	}
}

func (b *books) answer(o *order, d Delivery, t Try) {
	switch {
	case taken(t.Status):
		b.acceptance(o, d, t)
	case t.Status == http.StatusConflict && (len(o.objects) != 1 || o.objects[0].Content == d.Content):
		b.say("a conflict is one", o.id, "409 for the payload that is stored, or for none")
	case t.Status == http.StatusConflict || t.Status == 0 || again(t.Status):
	case t.Status != d.Refusal.Status:
		b.say("only documented answers", o.id, "answered with %d %s", t.Status, t.Problem)
	}
}

// acceptance: what was called stored exists, under the name that was told, with
// the payload that was sent, and did so when it was told.
func (b *books) acceptance(o *order, d Delivery, t Try) {
	if d.Refusal != (Refusal{}) {
		b.say("what is not valid is refused", o.id, "answered with %d", t.Status)
		return
	}
	if len(o.objects) != 1 {
		b.say("what is acknowledged exists", o.id, "answered with %d, and it exists %d times", t.Status, len(o.objects))
		return
	}
	found := o.objects[0]
	if found.Content != d.Content {
		b.say("an ID is used for one payload", o.id, "answered with %d for a payload that is not stored", t.Status)
	}
	if t.Order != found.Name || t.Namespace != b.Namespace {
		b.say("the answer names the order", o.id, "told %s/%s, stored is %s/%s", t.Namespace, t.Order, b.Namespace, found.Name)
	}
	if found.Created.After(t.Answered) {
		b.say("what is acknowledged exists", o.id, "answered at %s, made at %s", t.Answered.Format(clock), found.Created.Format(clock))
	}
	// The API server keeps whole seconds.
	if t.Status == http.StatusAccepted && found.Created.Before(t.Sent.Truncate(time.Second)) {
		b.say("an order is made once", o.id, "told to be made by a request of %s, made at %s", t.Sent.Format(clock), found.Created.Format(clock))
	}
	if t.Status == http.StatusOK && !b.before(o, t) {
		b.say("a repetition is one", o.id, "answered with 200, and nothing was sent before")
	}
}

// before tells whether another request for the order was on its way before a try
// was answered.
func (b *books) before(o *order, t Try) bool {
	for _, d := range o.deliveries {
		for _, other := range d.Tries {
			if other.RequestID != t.RequestID && other.Sent.Before(t.Answered) {
				return true
			}
		}
	}
	return false
}

// again tells whether a status asks the sender to try again.
func again(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}
