package main

import (
	"context"
	"fmt"
)

// garbage is how many new orders may leave theirs in the API server before it
// collects: about half a megabyte each.
const garbage = 2000

// mostGarbage is how much memory the API server may take before it collects all the
// same, so that it can't take the machine's.
const mostGarbage = "8GiB"

// collect lets the API server collect its garbage when there is much of it. With one
// core and tens of thousands of orders it hardly answers for a tenth of a second and
// more while it collects. As that happens every few seconds, it decides the 99th
// percentile of whatever is measured then, and its pauses fall on whom they fall. So
// it happens between the turns, and is nobody's.
func (s *scene) collect(ctx context.Context) error {
	made := s.webhooks.sent + s.creates.made
	if !s.collects || made-s.collected < garbage {
		return nil
	}
	s.collected = made
	if err := s.site.CollectAPIServer(ctx); err != nil {
		return fmt.Errorf("let the API server collect its garbage: %w", err)
	}
	return nil
}
