package ledger_test

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

var roles = []string{"zma_operator", "zma_intake", "zma_reporter", "zma_auditor"}

// denied is SQLSTATE insufficient_privilege.
const denied = "42501"

// staff is a database migrated by a plain owner, no superuser, with a row from
// before its tables were partitioned; db's own URL is the superuser's.
type staff struct {
	*db
	owner string
}

func newStaff(t *testing.T) *staff {
	t.Helper()
	makeRoles(t)
	owner := newLogin(t, "")
	d := &db{t: t, url: emptyDatabase(t), clock: &clock{t: noon}}
	d.must(d.exec(`ALTER DATABASE ` + databaseOf(d.url) + ` OWNER TO ` + owner.User))
	s := &staff{db: d, owner: owner.at(d.url)}
	migrateTo(t, s.owner, 13)
	d.must(d.exec(`INSERT INTO webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status, duration_us,
    client_hash, order_name, external_id_hash, webhook_id, body_bytes) VALUES ($1, '', 'shop', 'store', '', '', '', '', 202, 1, '', '', '', '', 1)`, noon))
	if _, _, err := ledger.Migrate(t.Context(), s.owner); err != nil {
		t.Fatalf("a plain owner migrates: %v", err)
	}
	return s
}

// makeRoles makes what only a superuser may: a plain owner finds the roles there.
func makeRoles(t *testing.T) {
	t.Helper()
	conn := connect(t, server.URL())
	for _, r := range roles {
		_, err := conn.Exec(t.Context(), `CREATE ROLE `+r+` NOLOGIN`)
		var pg *pgconn.PgError
		// It exists, or another test's migration makes it at this moment.
		if err != nil && (!errors.As(err, &pg) || pg.Code != "42710" && pg.Code != "23505") {
			t.Fatal(err)
		}
	}
}

// login is one user of the server, which goes away with the test.
type login struct{ User, password string }

func newLogin(t *testing.T, role string) login {
	t.Helper()
	l := login{User: "test_" + strings.ToLower(rand.Text()[:12]), password: rand.Text()}
	sql := `CREATE ROLE ` + l.User + ` LOGIN PASSWORD '` + l.password + `'`
	if role != "" {
		sql += ` IN ROLE ` + role
	}
	if _, err := connect(t, server.URL()).Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn := connect(t, server.URL())
		if _, err := conn.Exec(context.Background(), `DROP ROLE `+l.User); err != nil {
			t.Logf("dropping a login: %v", err)
		}
	})
	return l
}

// at is the URL of the login at the database of another one's URL.
func (l login) at(u string) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return ""
	}
	parsed.User = url.UserPassword(l.User, l.password)
	return parsed.String()
}

func databaseOf(u string) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(parsed.Path, "/")
}

// as connects as a new login of a role.
func (s *staff) as(role string) *pgx.Conn {
	s.t.Helper()
	return connect(s.t, newLogin(s.t, role).at(s.url))
}

// ledgerAs opens the ledger as a new login of a role.
func (s *staff) ledgerAs(role string) *ledger.Ledger {
	s.t.Helper()
	return s.open(newLogin(s.t, role).at(s.url))
}

// reporter is a new login of zma_reporter that reads these namespaces.
func (s *staff) reporter(namespaces ...string) *pgx.Conn {
	s.t.Helper()
	l := newLogin(s.t, "zma_reporter")
	owner := connect(s.t, s.owner)
	for _, ns := range namespaces {
		_, err := owner.Exec(s.t.Context(), `INSERT INTO reporter_namespaces (role_name, namespace) VALUES ($1, $2)`, l.User, ns)
		s.must(err)
	}
	return connect(s.t, l.at(s.url))
}

// attempt runs statements, takes back what they did, and returns the SQLSTATE of
// their refusal; empty when they were done.
func attempt(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	if _, err := conn.Exec(t.Context(), "BEGIN"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}()
	_, err := conn.Exec(t.Context(), sql)
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &pg):
		return pg.Code
	}
	t.Fatalf("%s: %v", sql, err)
	return ""
}

// texts are the single text column of a query.
func texts(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err == nil {
		var out []string
		if out, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			return out
		}
	}
	t.Fatalf("%s: %v", sql, err)
	return nil
}

// relation is a table or view as the catalog has it.
type relation struct {
	Name      string
	View      bool
	Columns   []string
	Generated []string
	Parent    string
}

const sqlRelations = `
SELECT c.relname::text, c.relkind IN ('v', 'm'),
    array_agg(a.attname::text ORDER BY a.attnum), COALESCE(array_agg(a.attname::text) FILTER (WHERE a.attgenerated <> ''), '{}'),
    COALESCE((SELECT p.relname::text FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid), '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
GROUP BY c.oid ORDER BY c.relname`

// relations lists tables and views, and apart from them the partitions.
func (s *staff) relations() (all, partitions []relation) {
	s.t.Helper()
	rows, err := connect(s.t, s.url).Query(s.t.Context(), sqlRelations)
	s.must(err)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[relation])
	s.must(err)
	for _, r := range found {
		if r.Parent == "" {
			all = append(all, r)
		} else {
			partitions = append(partitions, r)
		}
	}
	return all, partitions
}

var verbs = regexp.MustCompile(`([A-Z]+)(?:\(([^)]*)\))?`)

// rights are verbs with their columns; all of them when there is no list.
type rights map[string][]string

func parse(decided string) rights {
	out := rights{}
	for _, m := range verbs.FindAllStringSubmatch(decided, -1) {
		out[m[1]] = strings.Fields(m[2])
	}
	return out
}

func (r rights) allow(verb, column string) bool {
	columns, ok := r[verb]
	return ok && (len(columns) == 0 || slices.Contains(columns, column))
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
