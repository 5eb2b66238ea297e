//go:build !linux

package load

import "errors"

// Cores are the machine's, parted in two halves.
type Cores struct{}

// PartCores fails: only Linux is told which cores to use.
func PartCores() (*Cores, error) { return nil, errors.New("cores can be parted on Linux only") }

// First moves nothing.
func (*Cores) First() error { return nil }

// Second moves nothing.
func (*Cores) Second() error { return nil }
