package site

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// dropDatabase removes the site's database, also after an interruption: the server
// may be one that others use too.
func (s *Site) dropDatabase() error {
	if s.Database == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	u, err := url.Parse(s.Database)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.options.Servers.Postgres.URL())
	if err != nil {
		return fmt.Errorf("drop the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is left to do on it
	name := pgx.Identifier{strings.TrimPrefix(u.Path, "/")}.Sanitize()
	if _, err := conn.Exec(ctx, "drop database if exists "+name+" with (force)"); err != nil {
		return fmt.Errorf("drop the database: %w", err)
	}
	return nil
}
