package ledger_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

// server is shared by all tests; each has a database of its own.
var server *postgres.Server

func TestMain(m *testing.M) {
	var err error
	if server, err = postgres.Start(context.Background(), postgres.Options{Progress: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
