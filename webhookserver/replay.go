package webhookserver

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// maxReplays is the memory in bytes that remembered answers take in one process at
// most. Three quarters hold some 64,000 answers with one order each, or 11,000 with
// fifty; TestTheMemoryOfAnswersIsBounded measures it.
const maxReplays = 32 << 20

// deliveryDigest stands for one signed delivery: the same message, sent at the
// same time, with the same body. It is made of what is signed alone, so nothing
// that a replayer may change makes it another one. Empty for schemes that sign no
// time: their honest repetitions look like replays.
func deliveryDigest(src *v1alpha1.WebhookSource, proof verify.Result, body []byte) string {
	if proof.SignedAt.IsZero() {
		return ""
	}
	h := sha256.New()
	for _, part := range []string{string(src.UID), src.Namespace, src.Name, proof.MessageID, proof.SignedAt.UTC().Format(time.RFC3339Nano)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// replays remembers how deliveries were answered for as long as their signatures
// are valid. A replay gets that answer again and reaches nothing behind it: an
// order that was deleted in between is not made anew.
//
// Memory is bounded by bytes, the oldest answers going first. Those that made no
// order have a quarter of it for themselves: what one sender does wrong does not
// push out what protects the orders of others.
//
// One process remembers what it has answered itself. Of what other replicas have
// answered, the orders tell, by the digest in their annotation.
type replays struct {
	mu       sync.Mutex
	byKey    map[string]*list.Element
	taken    shelf // what made orders, or found them
	other    shelf
	underWay map[string]*copies
}

// copies are the requests of one delivery that are here now.
type copies struct {
	number int
	line   slots // one at a time
}

// shelf holds answers, oldest first.
type shelf struct {
	max, bytes int
	answers    *list.List
}

func newReplays(max int) *replays {
	return &replays{byKey: map[string]*list.Element{}, underWay: map[string]*copies{},
		taken: shelf{max: max - max/4, answers: list.New()}, other: shelf{max: max / 4, answers: list.New()}}
}

// turn lets one request of a delivery go on at a time, so that a copy that comes
// while the original is under way waits for its answer, for at most patience. What
// is returned has to be called in the end.
func (r *replays) turn(ctx context.Context, digest string, patience time.Duration) (leave func(), err error) {
	if digest == "" {
		return func() {}, nil
	}
	r.mu.Lock()
	c := r.underWay[digest]
	if c == nil {
		c = &copies{line: make(slots, 1)}
		r.underWay[digest] = c
	}
	c.number++
	r.mu.Unlock()
	release, err := c.line.await(ctx, patience)
	if err != nil {
		r.left(digest, c)
		return nil, err
	}
	return func() {
		release()
		r.left(digest, c)
	}, nil
}

func (r *replays) left(digest string, c *copies) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.number--; c.number == 0 {
		delete(r.underWay, digest)
	}
}

// find returns the answer that a delivery was given; nil if it is not known.
func (r *replays) find(digest string, generation int64, now time.Time) *remembered {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byKey[digest]
	if !ok {
		return nil
	}
	if m := e.Value.(*remembered); m.holds(generation, now) {
		return m
	}
	return nil
}

// keep remembers an answer, and forgets those whose time has passed and, when they
// take too much memory, the oldest.
func (r *replays) keep(m *remembered, now time.Time) {
	if m.key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, known := r.byKey[m.key]; known {
		if e.Value.(*remembered).holds(m.generation, now) {
			return
		}
		r.forget(e)
	}
	s := r.shelf(m)
	for e := s.answers.Front(); e != nil && (s.bytes+m.size() > s.max || now.After(e.Value.(*remembered).until)); e = s.answers.Front() {
		r.forget(e)
	}
	r.byKey[m.key] = s.answers.PushBack(m)
	s.bytes += m.size()
}

func (r *replays) forget(e *list.Element) {
	m := e.Value.(*remembered)
	s := r.shelf(m)
	s.answers.Remove(e)
	s.bytes -= m.size()
	delete(r.byKey, m.key)
}

func (r *replays) shelf(m *remembered) *shelf {
	if m.took() {
		return &r.taken
	}
	return &r.other
}
