package webhookserver

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// maxReplays remembered by one process: some 10 MB.
const maxReplays = 65536

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
// One process remembers what it has answered itself. Of what other replicas have
// answered, the orders tell, by the digest in their annotation.
type replays struct {
	max int

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // oldest first
}

type remembered struct {
	key    string
	until  time.Time
	answer *answer
}

func newReplays(max int) *replays {
	return &replays{max: max, byKey: map[string]*list.Element{}, order: list.New()}
}

// find returns the answer that a delivery was given; nil if it is not known.
func (r *replays) find(digest string, now time.Time) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byKey[digest]
	if !ok || now.After(e.Value.(*remembered).until) {
		return nil
	}
	return e.Value.(*remembered).answer
}

// keep remembers an answer until a time, and forgets those whose time has passed
// and, when there are too many, the oldest.
func (r *replays) keep(digest string, a *answer, until, now time.Time) {
	if digest == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.byKey[digest]; known {
		return
	}
	for e := r.order.Front(); e != nil && (r.order.Len() >= r.max || now.After(e.Value.(*remembered).until)); e = r.order.Front() {
		delete(r.byKey, e.Value.(*remembered).key)
		r.order.Remove(e)
	}
	r.byKey[digest] = r.order.PushBack(&remembered{key: digest, until: until, answer: a})
}
