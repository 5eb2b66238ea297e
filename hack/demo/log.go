package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// tellLog shows the end of the operator's log and where the whole of it stays.
func (s *scene) tellLog() {
	raw, err := os.ReadFile(s.log)
	if errors.Is(err, fs.ErrNotExist) {
		return // it failed before the operator started
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: the operator's log:", err)
		return
	}
	const most = 4000
	fmt.Fprintf(os.Stderr, "\nThe end of the operator's log, which stays at %s:\n%s\n", s.log, raw[max(0, len(raw)-most):])
}
