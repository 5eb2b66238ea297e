package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// Main runs a package's tests with a cluster, and returns the exit status. use
// takes the cluster before the first test.
func Main(m *testing.M, o Options, use func(*Cluster) error) int {
	o.Progress = os.Stderr
	c, err := Start(context.Background(), o)
	if err == nil {
		err = use(c)
	}
	status := 1
	if err == nil {
		status = m.Run()
	}
	if c != nil {
		err = errors.Join(err, c.Stop())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}
