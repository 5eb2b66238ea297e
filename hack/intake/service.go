package intake

import (
	"sync"

	"github.com/zma-operator/zma-operator/hack/intake/site"
)

// service sends each request to a replica, as a Service does: not to one that is
// known to be away.
type service struct {
	replicas []*site.Replica

	mu   sync.Mutex
	away map[int]bool
}

// pick gives the wanted replica, or the next that is there; the wanted one when
// none is.
func (s *service) pick(wanted int) *site.Replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.replicas {
		at := (wanted + i) % len(s.replicas)
		if !s.away[at] {
			return s.replicas[at]
		}
	}
	return s.replicas[wanted%len(s.replicas)]
}

// set says whether a replica is there.
func (s *service) set(replica int, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away[replica] = !there
}
