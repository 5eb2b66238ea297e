package mapping

import (
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestMappersAndCacheServeManyAtOnce(t *testing.T) {
	c := NewCache(2)
	all := examples(t)
	hashes := make([]sync.Map, len(all))
	var wg sync.WaitGroup
	for i, e := range all {
		e.source.UID, e.source.Generation = types.UID(e.title), 1
		for range 8 {
			wg.Go(func() {
				m, err := c.Get(e.source)
				if err != nil {
					t.Error(err)
					return
				}
				orders, err := m.Orders(t.Context(), Input{Body: e.body, Header: e.header})
				if err != nil {
					t.Error(explain(err))
					return
				}
				hashes[i].Store(orders[0].Annotations[v1alpha1.AnnotationPayloadHash], true)
			})
		}
	}
	wg.Wait()
	for i, e := range all {
		n := 0
		hashes[i].Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%s: %d payloads", e.title, n)
		}
	}
}
