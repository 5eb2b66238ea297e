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

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ErrNotFound means that the Secret or the key does not exist.
var ErrNotFound = errors.New("secret or key not found")

// Reader reads Secrets and keeps each for a short time, so that a changed one
// takes effect without a restart and a busy endpoint does not read one Secret
// for every request.
type Reader struct {
	client client.Reader
	ttl    time.Duration
	now    func() time.Time

	mu    sync.Mutex
	cache map[types.NamespacedName]entry
}

type entry struct {
	data map[string][]byte
	at   time.Time
}

// NewReader reads through c, which must not be a cache that watches Secrets.
// A Secret is read again after ttl.
func NewReader(c client.Reader, ttl time.Duration, now func() time.Time) *Reader {
	return &Reader{client: c, ttl: ttl, now: now, cache: map[types.NamespacedName]entry{}}
}

// All returns every key of a Secret. A missing one is ErrNotFound.
func (r *Reader) All(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	key := types.NamespacedName{Namespace: namespace, Name: name}
	if data, ok := r.fresh(key); ok {
		if data == nil {
			return nil, fmt.Errorf("secret %s: %w", name, ErrNotFound)
		}
		return data, nil
	}
	var s corev1.Secret
	if err := r.client.Get(ctx, key, &s); err != nil {
		r.forget(key)
		if apierrors.IsNotFound(err) {
			// Remembered too: strangers must not make us ask for it at their pace.
			r.keep(key, nil)
			return nil, fmt.Errorf("secret %s: %w", name, ErrNotFound)
		}
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}
	r.keep(key, s.Data)
	return maps.Clone(s.Data), nil
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

func (r *Reader) fresh(key types.NamespacedName) (map[string][]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.cache[key]
	if !ok || r.now().Sub(e.at) >= r.ttl {
		return nil, false
	}
	return maps.Clone(e.data), true
}

// keep remembers a Secret, or with nil that there is none.
func (r *Reader) keep(key types.NamespacedName, data map[string][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache[key] = entry{data: data, at: r.now()}
}

func (r *Reader) forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cache, key)
}
