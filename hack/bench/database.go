package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

// createDatabase makes a database with a name of its own: the server may be one
// that others use too.
func createDatabase(ctx context.Context, s *postgres.Server) (name, url string, err error) {
	name = "zma_bench_" + strings.ToLower(rand.Text()[:12])
	if url, err = s.CreateDatabase(ctx, name); err != nil {
		return "", "", err
	}
	return name, url, nil
}

// dropDatabase removes it, also after an interruption.
func dropDatabase(s *postgres.Server, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return fmt.Errorf("drop the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is left to do on it
	if _, err := conn.Exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"); err != nil {
		return fmt.Errorf("drop the database: %w", err)
	}
	return nil
}
