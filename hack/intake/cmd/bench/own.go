package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/load"
)

// own takes from each webhook's time, by its request ID, what the endpoint's log says
// that the API server had of it. What is left is ours: network, checks, waiting for a
// turn and for the processor. A pause of the API server is in neither.
func (s *scene) own(taken map[string]time.Duration) (own, error) {
	if len(taken) == 0 {
		return own{}, nil
	}
	storing, err := s.storing(taken)
	if err != nil {
		return own{}, err
	}
	var ours []time.Duration
	for id, took := range taken {
		stored, ok := storing[id]
		if !ok {
			return own{}, fmt.Errorf("the endpoint's log does not say how long request %s was stored", id)
		}
		ours = append(ours, took-stored)
	}
	slices.Sort(ours)
	return own{Count: len(ours), P50: ms(load.Quantile(ours, .5)), P99: ms(load.Quantile(ours, .99)), Max: ms(load.Quantile(ours, 1))}, nil
}

// storing reads from the endpoint's log how long these requests were stored.
func (s *scene) storing(wanted map[string]time.Duration) (map[string]time.Duration, error) {
	f, err := os.Open(s.site.Logs()[0])
	if err != nil {
		return nil, err
	}
	found := map[string]time.Duration{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ RequestID, Storing string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Storing == "" {
			continue
		}
		if _, ok := wanted[line.RequestID]; !ok {
			continue
		}
		if found[line.RequestID], err = time.ParseDuration(line.Storing); err != nil {
			break
		}
	}
	return found, errors.Join(err, lines.Err(), f.Close())
}
