package intake

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

// delivery is one webhook, as its sender means to send it.
type delivery struct {
	kind       kind
	source     string
	externalID string
	messageID  string
	body       []byte
	content    string
	at         time.Duration // after the beginning
	first      int           // replica that it is sent to first
}

// makePlan makes n deliveries over a time, in the order of their times. Of a
// hundred, four can't be taken, ten are twins, one is late and one a rival.
func makePlan(seed uint64, source string, n int, over time.Duration) ([]delivery, error) {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	// Whole bodies are short of no kind, however few there are.
	bad, twins, lates, rivals := max(n*4/100, len(invalid())), max(n/10, 1), max(n/100, 1), max(n/100, 1)
	good := n - bad - twins - lates - rivals
	if good < twins+lates+rivals {
		return nil, fmt.Errorf("%d webhooks are too few", n)
	}
	out := make([]delivery, 0, n)
	add := func(d delivery) { out = append(out, d) }
	for i := range good {
		add(fresh(r, source, plain, fmt.Sprintf("A-%06d", i), over))
	}
	for i := range bad {
		kinds := invalid()
		add(fresh(r, source, kinds[i%len(kinds)], fmt.Sprintf("X-%06d", i), over))
	}
	again := r.Perm(good)
	for _, part := range []struct {
		kind kind
		n    int
	}{{twin, twins}, {late, lates}, {rival, rivals}} {
		for _, i := range again[:part.n] {
			add(repeat(r, out[i], part.kind, over))
		}
		again = again[part.n:]
	}
	for i, d := range out {
		content, err := oracle.ContentOf(d.body)
		if err != nil {
			return nil, err
		}
		out[i].content = content
	}
	slices.SortStableFunc(out, func(a, b delivery) int { return cmp.Compare(a.at, b.at) })
	return out, nil
}

// fresh is a delivery of an order that was not sent before. Independent times make
// the exponential gaps of senders who know nothing of each other.
func fresh(r *rand.Rand, source string, k kind, id string, over time.Duration) delivery {
	return delivery{
		kind: k, source: source, externalID: id, messageID: fmt.Sprintf("msg_%016x", r.Uint64()),
		body: payload(r, id, k), at: time.Duration(r.Float64() * float64(over)), first: r.IntN(2),
	}
}

// repeat is another delivery under an ID that is sent already. Every second one is
// the same message, as one sender repeats it; the others are of another sender.
func repeat(r *rand.Rand, of delivery, k kind, over time.Duration) delivery {
	d := of
	d.kind, d.first = k, 1-of.first
	if k == rival || r.IntN(2) == 0 {
		d.messageID = fmt.Sprintf("msg_%016x", r.Uint64())
	}
	switch k {
	case late:
		d.at += time.Duration(r.Float64() * float64(over-of.at))
	case rival:
		d.body = payload(r, of.externalID, plain)
	}
	return d
}
