package oracle

// existence: every valid order exists exactly once, with the content that was
// taken, and nothing else exists.
func (b *books) existence() {
	for _, o := range b.orders {
		switch {
		case len(o.deliveries) == 0:
			b.say("nothing else exists", o.id, "nobody has sent it, and it exists")
		case !o.valid() && len(o.objects) > 0:
			b.say("nothing else exists", o.id, "it had to be refused, and exists")
		case o.valid() && len(o.objects) != 1:
			b.say("every valid order exists once", o.id, "it exists %d times; its tries: %s", len(o.objects), story(o.deliveries))
		case o.valid():
			b.content(o)
		}
	}
}

// content: what is stored is what one of the senders has sent.
func (b *books) content(o *order) {
	stored := o.objects[0].Content
	for _, d := range o.deliveries {
		if d.Content == stored {
			return
		}
	}
	b.say("an order is what was sent", o.id, "stored is %s", stored)
}
