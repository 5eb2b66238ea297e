package ledger_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Roles belong to the whole server, so this has one to itself.
func TestTheMigrationMakesRolesOrSaysWhatIsWrongWithThem(t *testing.T) {
	alone, err := postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := alone.Stop(); err != nil {
			t.Error(err)
		}
	})
	if alone.Addr() == "" {
		t.Skip("the server is given: its roles are not ours to take away")
	}
	admin := connect(t, alone.URL())
	exec := func(conn *pgx.Conn, sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(admin, `CREATE ROLE plain LOGIN`)
	u := alone.NewDatabase(t)
	exec(admin, `ALTER DATABASE `+databaseOf(u)+` OWNER TO plain`)
	inside := connect(t, u)
	plain := login{User: "plain"}.at(u)
	for _, tc := range []struct{ reason, before, says, after string }{
		{"an owner who may not make roles", `SELECT`, "CREATE ROLE zma_operator NOLOGIN",
			`CREATE ROLE zma_operator NOLOGIN; CREATE ROLE zma_intake NOLOGIN; CREATE ROLE zma_reporter NOLOGIN; CREATE ROLE zma_auditor NOLOGIN`},
		{"a role past all policies", `ALTER ROLE zma_intake BYPASSRLS`, "more rights than they should have: zma_intake", `ALTER ROLE zma_intake NOBYPASSRLS`},
		{"a role with another's rights", `GRANT pg_read_all_data TO zma_reporter`, "more rights than they should have: zma_reporter", `REVOKE pg_read_all_data FROM zma_reporter`},
		{"a schema in which all may create", `GRANT CREATE ON SCHEMA public TO PUBLIC`, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", `REVOKE CREATE ON SCHEMA public FROM PUBLIC`},
	} {
		exec(inside, tc.before)
		_, _, err := ledger.Migrate(t.Context(), plain)
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", tc.reason, err, tc.says)
		}
		exec(inside, tc.after)
	}
	if _, _, err := ledger.Migrate(t.Context(), plain); err != nil {
		t.Errorf("with all as it should be: %v", err)
	}
	exec(inside, `DROP OWNED BY zma_operator, zma_intake, zma_reporter, zma_auditor`)
	exec(admin, `DROP DATABASE `+databaseOf(u)+` WITH (FORCE)`)
	exec(admin, `DROP ROLE zma_operator, zma_intake, zma_reporter, zma_auditor`)
	makesAll(t, alone)
}

// makesAll shows that one who may make roles needs nobody else.
func makesAll(t *testing.T, alone *postgres.Server) {
	t.Helper()
	u, err := alone.CreateDatabase(t.Context(), "made")
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, alone.URL())
	if _, err := conn.Exec(context.Background(), `ALTER ROLE plain CREATEROLE; ALTER DATABASE made OWNER TO plain`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ledger.Migrate(t.Context(), login{User: "plain"}.at(u)); err != nil {
		t.Errorf("an owner who may make roles: %v", err)
	}
	if got := strings.Join(texts(t, conn, `SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'zma%' AND NOT rolcanlogin ORDER BY rolname`), " "); got != "zma_auditor zma_intake zma_operator zma_reporter" {
		t.Errorf("made %s", got)
	}
}
