// Package secrets reads single keys of Secrets by name. Secrets are never
// watched or listed: whoever reads one has to know its name.
package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ErrNotFound means that the Secret or the key does not exist.
var ErrNotFound = errors.New("secret or key not found")

// maxRead is how long one read may take.
const maxRead = 5 * time.Second

// Reader reads Secrets and keeps each for a short time, so that a changed one
// takes effect without a restart and a busy endpoint does not read one Secret
// for every request. That one is missing, or could not be read, is kept as long:
// strangers, who may make the endpoint look for a Secret, must not set the pace at
// which the API server is asked.
type Reader struct {
	client client.Reader
	ttl    time.Duration
	now    func() time.Time
	reads  singleflight.Group

	mu    sync.Mutex
	cache map[types.NamespacedName]entry
}

// entry is what came of a read.
type entry struct {
	data map[string][]byte
	err  error
	at   time.Time
}

// NewReader reads through c, which must not be a cache that watches Secrets.
// A Secret is read again after ttl, also one that was missing or could not be read.
func NewReader(c client.Reader, ttl time.Duration, now func() time.Time) *Reader {
	return &Reader{client: c, ttl: ttl, now: now, cache: map[types.NamespacedName]entry{}}
}

// All returns every key of a Secret. A missing one is ErrNotFound.
func (r *Reader) All(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	key := types.NamespacedName{Namespace: namespace, Name: name}
	if e, ok := r.fresh(key); ok {
		return maps.Clone(e.data), e.err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	read, _, _ := r.reads.Do(key.String(), func() (any, error) {
		if e, ok := r.fresh(key); ok {
			return e, nil // read while we came
		}
		e := r.read(ctx, key)
		r.keep(key, e)
		return e, nil
	})
	e := read.(entry)
	return maps.Clone(e.data), e.err
}

// read asks the API server. It is for all who want the Secret now, so it goes on
// when the one that began it has hung up.
func (r *Reader) read(ctx context.Context, key types.NamespacedName) entry {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxRead)
	defer cancel()
	if until, ok := ctx.Deadline(); ok {
		detached, cancel = context.WithDeadline(detached, until)
		defer cancel()
	}
	var s corev1.Secret
	err := r.client.Get(detached, key, &s)
	switch {
	case apierrors.IsNotFound(err):
		return entry{err: fmt.Errorf("secret %s: %w", key.Name, ErrNotFound), at: r.now()}
	case err != nil:
		return entry{err: fmt.Errorf("read secret %s: %w", key.Name, err), at: r.now()}
	}
	return entry{data: s.Data, at: r.now()}
}

// Key returns one key of a Secret. A missing one, or an empty value, is
// ErrNotFound: an empty secret must never authenticate anything.
func (r *Reader) Key(ctx context.Context, namespace, name, key string) ([]byte, error) {
	all, err := r.All(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	if len(all[key]) == 0 {
		return nil, fmt.Errorf("secret %s, key %s: %w", name, key, ErrNotFound)
	}
	return all[key], nil
}

func (r *Reader) fresh(key types.NamespacedName) (entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.cache[key]
	if !ok || r.now().Sub(e.at) >= r.ttl {
		return entry{}, false
	}
	return e, true
}

func (r *Reader) keep(key types.NamespacedName, e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache[key] = e
}
