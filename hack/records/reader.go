package records

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sqlReads lets a login of zma_reporter read every namespace that has orders.
const sqlReads = `INSERT INTO reporter_namespaces (role_name, namespace) SELECT DISTINCT $1::text, namespace FROM orders`

// Reader makes a login of a role of the schema, such as zma_reporter, and gives its
// URL. It reads every namespace that has orders by now. The URL given must be of a
// superuser. Logins belong to the whole server: Forget removes it.
func Reader(ctx context.Context, superuser, role string) (reader string, err error) {
	u, err := url.Parse(superuser)
	if err != nil {
		return "", errors.New("the URL of the database can't be parsed") // the error would hold it
	}
	conn, err := pgx.Connect(ctx, superuser)
	if err != nil {
		return "", fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	login, password := "records_"+strings.ToLower(rand.Text()[:16]), rand.Text()
	sql := fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD '%s' IN ROLE %s`, login, password, pgx.Identifier{role}.Sanitize())
	if _, err := conn.Exec(ctx, sql); err != nil {
		return "", fmt.Errorf("making a login: %w", err)
	}
	if role == "zma_reporter" {
		if _, err := conn.Exec(ctx, sqlReads, login); err != nil {
			return "", fmt.Errorf("naming its namespaces: %w", err)
		}
	}
	u.User = url.UserPassword(login, password)
	return u.String(), nil
}

// Forget removes a login that Reader made. Its connections must be closed.
func Forget(ctx context.Context, superuser, reader string) (err error) {
	u, err := url.Parse(reader)
	if err != nil {
		return errors.New("the URL of the reader can't be parsed")
	}
	conn, err := pgx.Connect(ctx, superuser)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	_, err = conn.Exec(ctx, `DROP ROLE `+pgx.Identifier{u.User.Username()}.Sanitize())
	return err
}
