package secrets

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestAMissingSecretIsNotAskedForAgainAtOnce: whoever may make us look for a
// Secret must not set the pace at which the API server is asked.
func TestAMissingSecretIsNotAskedForAgainAtOnce(t *testing.T) {
	reads, now := 0, time.Unix(1_750_000_000, 0)
	c := fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			reads++
			return c.Get(ctx, key, o, opts...)
		}}).Build()
	r := NewReader(c, 5*time.Second, func() time.Time { return now })
	for range 3 {
		if _, err := r.Key(t.Context(), "shop", "keys", "a"); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	}
	if reads != 1 {
		t.Errorf("it was read %d times", reads)
	}
	made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "keys"}, Data: map[string][]byte{"a": []byte("1")}}
	if err := c.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	now = now.Add(5 * time.Second)
	if got, err := r.Key(t.Context(), "shop", "keys", "a"); err != nil || string(got) != "1" {
		t.Errorf("made since: %q %v", got, err)
	}
}

// TestASecretThatCantBeReadIsNotAskedForAgainAtOnce: an API server that is away or
// says no is asked at our pace too.
func TestASecretThatCantBeReadIsNotAskedForAgainAtOnce(t *testing.T) {
	reads, away, now := 0, true, time.Unix(1_750_000_000, 0)
	made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "keys"}, Data: map[string][]byte{"a": []byte("1")}}
	c := fake.NewClientBuilder().WithObjects(made).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if reads++; away {
				return errors.New("etcdserver: request timed out")
			}
			return c.Get(ctx, key, o, opts...)
		}}).Build()
	r := NewReader(c, 5*time.Second, func() time.Time { return now })
	for range 3 {
		if _, err := r.Key(t.Context(), "shop", "keys", "a"); err == nil || errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	}
	if reads != 1 {
		t.Errorf("it was read %d times", reads)
	}
	away, now = false, now.Add(5*time.Second)
	if got, err := r.Key(t.Context(), "shop", "keys", "a"); err != nil || string(got) != "1" {
		t.Errorf("back again: %q %v", got, err)
	}
}

// TestOneWhoHangsUpDoesNotFailTheOthers: a failure that a caller has brought about
// by going away is not remembered, and many callers make one read.
func TestOneWhoHangsUpDoesNotFailTheOthers(t *testing.T) {
	var reads atomic.Int32
	asked, answer := make(chan struct{}), make(chan struct{})
	made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "keys"}, Data: map[string][]byte{"a": []byte("1")}}
	c := fake.NewClientBuilder().WithObjects(made).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if reads.Add(1) == 1 {
				close(asked)
			}
			select {
			case <-answer:
				return c.Get(ctx, key, o, opts...)
			case <-ctx.Done():
				return ctx.Err()
			}
		}}).Build()
	r := NewReader(c, 5*time.Second, func() time.Time { return time.Unix(1_750_000_000, 0) })
	ctx, hangUp := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _, _ = r.Key(ctx, "shop", "keys", "a") })
	<-asked
	for range 20 {
		all.Go(func() {
			if got, err := r.Key(t.Context(), "shop", "keys", "a"); err != nil || string(got) != "1" {
				t.Errorf("%q %v", got, err)
			}
		})
	}
	hangUp()
	close(answer)
	all.Wait()
	if reads.Load() != 1 {
		t.Errorf("it was read %d times", reads.Load())
	}
	if _, err := r.Key(ctx, "shop", "other", "a"); !errors.Is(err, context.Canceled) || reads.Load() != 1 {
		t.Errorf("one who is gone already: %v, %d reads", err, reads.Load())
	}
}
