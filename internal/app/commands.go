package app

import (
	"context"
	"fmt"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Migrate brings the schema to this version.
func Migrate(ctx context.Context, env Environment) error {
	if env.DatabaseURL == "" {
		return ErrNoDatabase
	}
	from, to, err := ledger.Migrate(ctx, env.DatabaseURL)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if from == to {
		_, err = fmt.Fprintf(env.Out, "schema is at version %d already\n", to)
		return err
	}
	_, err = fmt.Fprintf(env.Out, "schema migrated from version %d to %d\n", from, to)
	return err
}

// PrintVersion prints the version.
func PrintVersion(env Environment) error {
	_, err := fmt.Fprintln(env.Out, env.Version)
	return err
}
