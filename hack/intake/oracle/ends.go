package oracle

import "net/http"

// ends: every delivery comes to the end that it has to come to.
func (b *books) ends() {
	for _, o := range b.orders {
		for _, d := range o.deliveries {
			if d.GaveUp {
				b.say("every delivery ends", o.id, "the sender has given up: %s", story([]Delivery{d}))
				continue
			}
			b.end(o, d)
		}
	}
}

func (b *books) end(o *order, d Delivery) {
	last := d.Last()
	if d.Refusal != (Refusal{}) {
		if last.Status != d.Refusal.Status || last.Problem != d.Refusal.Problem {
			b.say("what is not valid is refused", o.id, "the end is %d %s, want %d %s", last.Status, last.Problem, d.Refusal.Status, d.Refusal.Problem)
		}
		return
	}
	if len(o.objects) != 1 {
		return // said already
	}
	wins := d.Content == o.objects[0].Content
	switch {
	case wins && !taken(last.Status):
		b.say("every valid delivery is taken", o.id, "the end is %d %s: %s", last.Status, last.Problem, story([]Delivery{d}))
	case !wins && last.Status != http.StatusConflict:
		b.say("an ID is used for one payload", o.id, "another payload is stored, and the end is %d", last.Status)
	}
}
