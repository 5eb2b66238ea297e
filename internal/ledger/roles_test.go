package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// A new table or view fails here until somebody decides who may do what with it.
func TestEveryTableAndFunctionIsDecided(t *testing.T) {
	s := newStaff(t)
	columns := map[string][]string{}
	all, partitions := s.relations()
	for _, r := range all {
		columns[r.Name] = r.Columns
	}
	if diff := cmp.Diff(sorted(tableDecisions), sorted(columns)); diff != "" {
		t.Errorf("decided (-) and there (+): %s", diff)
	}
	for name, d := range tableDecisions {
		for _, role := range roles {
			for verb, decided := range parse(d.of(role)) {
				for _, column := range decided {
					if !slices.Contains(columns[name], column) {
						t.Errorf("%s may %s %s.%s, which is not there", role, verb, name, column)
					}
				}
			}
		}
	}
	for parent := range partitionDecisions {
		if !slices.ContainsFunc(partitions, func(p relation) bool { return p.Parent == parent }) {
			t.Errorf("partitions of %s are decided, and there are none", parent)
		}
	}
	if len(partitions) < len(partitionDecisions) {
		t.Error("no partitions were found")
	}
	admin := connect(t, s.url)
	// A view with its owner's rights would show everybody's rows.
	if views := texts(t, admin, `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND (relkind = 'm' OR relkind = 'v' AND NOT COALESCE('security_invoker=true' = ANY (reloptions), false))`); len(views) > 0 {
		t.Errorf("views without the rights of who reads them: %v", views)
	}
	there := texts(t, admin, sqlFunctions)
	if diff := cmp.Diff(sorted(functionDecisions), slices.Sorted(slices.Values(there))); diff != "" {
		t.Errorf("functions decided (-) and there (+): %s", diff)
	}
}

const sqlFunctions = `SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace`

// Each role's login tries each verb on each column of each table and view, direct
// access to partitions included: what is decided is done, all else is refused.
func TestEachRoleMayDoWhatIsDecidedAndNothingElse(t *testing.T) {
	s := newStaff(t)
	all, partitions := s.relations()
	for _, role := range roles {
		t.Run(role, func(t *testing.T) {
			conn := s.as(role)
			for _, r := range all {
				tryAll(t, conn, r, parse(tableDecisions[r.Name].of(role)))
			}
			for _, r := range partitions {
				tryAll(t, conn, r, parse(partitionDecisions[r.Parent].of(role)))
			}
		})
	}
}

func tryAll(t *testing.T, conn *pgx.Conn, r relation, may rights) {
	t.Helper()
	name := pgx.Identifier{"public", r.Name}.Sanitize()
	for _, c := range r.Columns {
		column := pgx.Identifier{c}.Sanitize()
		try(t, conn, r, may.allow("SELECT", c), fmt.Sprintf(`SELECT %s FROM %s WHERE false`, column, name))
		if slices.Contains(r.Generated, c) {
			continue // nobody can write it
		}
		try(t, conn, r, may.allow("INSERT", c), fmt.Sprintf(`INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT NULL WHERE false`, name, column))
		try(t, conn, r, may.allow("UPDATE", c), fmt.Sprintf(`UPDATE %s SET %s = DEFAULT WHERE false`, name, column))
	}
	whole := len(may["SELECT"]) == 0 && may.allow("SELECT", "")
	try(t, conn, r, whole, fmt.Sprintf(`SELECT * FROM %s WHERE false`, name))
	try(t, conn, r, whole, fmt.Sprintf(`SELECT to_jsonb(r) FROM %s r WHERE false`, name))
	_, any := may["SELECT"]
	try(t, conn, r, any, fmt.Sprintf(`SELECT count(*) FROM %s WHERE false`, name))
	try(t, conn, r, may.allow("DELETE", ""), fmt.Sprintf(`DELETE FROM %s WHERE false`, name))
	if !r.View {
		try(t, conn, r, may.allow("TRUNCATE", ""), fmt.Sprintf(`TRUNCATE %s`, name))
		try(t, conn, r, may.allow("TRUNCATE", ""), fmt.Sprintf(`TRUNCATE %s CASCADE`, name))
	}
}

// noWrites are what Postgres says first of a view that takes no writes from anybody.
var noWrites = []string{"55000", "0A000"}

func try(t *testing.T, conn *pgx.Conn, r relation, allowed bool, sql string) {
	t.Helper()
	got := attempt(t, conn, sql)
	if r.View && !strings.HasPrefix(sql, "SELECT") && slices.Contains(noWrites, got) {
		got = denied
	}
	want := denied
	if allowed {
		want = ""
	}
	if got != want {
		t.Errorf("%s: got %q, want %q", sql, got, want)
	}
}

// Rights that no statement above needs, such as REFERENCES or TRIGGER, and rights of
// everybody are found in the catalog.
func TestNoRightIsGrantedThatIsNotDecided(t *testing.T) {
	s := newStaff(t)
	all, _ := s.relations()
	var want []string
	for _, r := range all {
		for _, role := range roles {
			for verb, columns := range parse(tableDecisions[r.Name].of(role)) {
				if len(columns) == 0 {
					want = append(want, fmt.Sprintf("%s %s %s", role, verb, r.Name))
				}
				for _, c := range columns {
					want = append(want, fmt.Sprintf("%s %s %s.%s", role, verb, r.Name, c))
				}
			}
		}
	}
	for _, role := range roles {
		for f, d := range functionDecisions {
			want = appendRight(want, role, d, f)
		}
		for q, d := range sequenceDecisions {
			want = appendRight(want, role, d, q)
		}
	}
	slices.Sort(want)
	got := texts(t, connect(t, s.url), sqlGrants)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decided (-) and granted (+): %s", diff)
	}
}

func appendRight(to []string, role string, d decision, object string) []string {
	if right := d.of(role); right != "" {
		to = append(to, fmt.Sprintf("%s %s %s", role, right, object))
	}
	return to
}

// sqlGrants lists all rights of all but the owner. Whoever may do something with a
// partition is in TestEachRoleMayDoWhatIsDecidedAndNothingElse.
const sqlGrants = `
WITH acl AS (
    SELECT c.relname::text AS object, x.*, c.relowner AS owner FROM pg_class c, aclexplode(c.relacl) x
    WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
    UNION ALL
    SELECT c.relname || '.' || a.attname, x.*, c.relowner FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x
    WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
    UNION ALL
    SELECT p.oid::regprocedure::text, x.*, p.proowner FROM pg_proc p, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) x
    WHERE p.pronamespace = 'public'::regnamespace
)
SELECT concat(CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END, ' ', privilege_type, ' ', object,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) FROM acl WHERE grantee <> owner`

// Functions are called with nothing, which is enough to be refused.
func TestFunctionsAndSequencesAreForThoseDecided(t *testing.T) {
	s := newStaff(t)
	admin := connect(t, s.url)
	calls := texts(t, admin, `
SELECT p.oid::regprocedure::text || E'\t' || format('SELECT public.%I(%s)', p.proname, array_to_string(ARRAY(
    SELECT CASE WHEN a.n = p.pronargs AND p.provariadic <> 0 THEN 'VARIADIC ' ELSE '' END || 'NULL::' || format_type(a.type, NULL)
    FROM unnest(p.proargtypes) WITH ORDINALITY a (type, n) ORDER BY a.n), ', '))
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace`)
	sequences := texts(t, admin, `SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace`)
	if len(calls) == 0 || len(sequences) == 0 {
		t.Fatal("no functions or no sequences")
	}
	for _, role := range roles {
		t.Run(role, func(t *testing.T) {
			conn := s.as(role)
			for _, call := range calls {
				signature, sql, _ := strings.Cut(call, "\t")
				// One that is allowed may still refuse to do anything with nothing.
				allowed := functionDecisions[signature].of(role) != ""
				if got := attempt(t, conn, sql); allowed == (got == denied) {
					t.Errorf("%s: got %q, allowed: %v", sql, got, allowed)
				}
			}
			for _, sequence := range sequences {
				allowed := sequenceDecisions[sequence].of(role) == "USAGE"
				if got := attempt(t, conn, fmt.Sprintf(`SELECT nextval('%s')`, sequence)); allowed == (got == denied) {
					t.Errorf("taking a number of %s: got %q, allowed: %v", sequence, got, allowed)
				}
				for _, sql := range []string{`SELECT setval('%s', 1)`, `SELECT last_value FROM %s`} {
					if got := attempt(t, conn, fmt.Sprintf(sql, sequence)); got != denied {
						t.Errorf("%s: got %q, want %q", fmt.Sprintf(sql, sequence), got, denied)
					}
				}
			}
		})
	}
}
