package secrets

import (
	"context"
	"errors"
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
