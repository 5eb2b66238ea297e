package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
)

// escapes are ways out of a role; each must be refused for want of a privilege.
// THE_OWNER and ANOTHER stand for logins: the schema's owner, and another reporter.
var escapes = []struct{ reason, sql string }{
	{"becoming the owner", `SET ROLE THE_OWNER`},
	{"becoming the owner for the session", `SET SESSION AUTHORIZATION THE_OWNER`},
	{"becoming another login", `SET ROLE ANOTHER`},
	{"becoming another login for the session", `SET SESSION AUTHORIZATION ANOTHER`},
	{"a member of the owner", `GRANT THE_OWNER TO CURRENT_USER`},
	{"a member of the auditor", `GRANT zma_auditor TO CURRENT_USER`},
	{"a member of those who read files", `GRANT pg_read_server_files TO CURRENT_USER`},
	{"past row level security", `ALTER ROLE CURRENT_USER BYPASSRLS`},
	{"a superuser", `ALTER ROLE CURRENT_USER SUPERUSER`},
	{"a role of one's own", `CREATE ROLE zma_escaped`},
	{"triggers that are off for the session", `SET session_replication_role = replica`},
	{"a setting for all sessions of the database", `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = pg_temp', current_database()); END $$`},
	{"a setting of a role", `ALTER ROLE zma_operator SET search_path = pg_temp`},
	{"a table", `CREATE TABLE public.escaped ()`},
	{"a view", `CREATE VIEW public.escaped AS SELECT 1`},
	{"a function that has a trigger's call", `CREATE FUNCTION public.spend_days_add(spend_days, integer) RETURNS void LANGUAGE sql AS 'SELECT'`},
	{"another function in its place", `CREATE OR REPLACE FUNCTION public.spend_days_follow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`},
	{"a schema", `CREATE SCHEMA escaped`},
	{"the language of triggers less", `DROP EXTENSION plpgsql CASCADE`},
	{"a publication", `CREATE PUBLICATION escaped`},
	{"a table less", `DROP TABLE orders CASCADE`},
	{"a view less", `DROP VIEW report_costs`},
	{"a function less", `DROP FUNCTION zma_permit`},
	{"a policy less", `DROP POLICY zma_reporter_select ON orders`},
	{"a policy more", `CREATE POLICY escaped ON orders TO PUBLIC USING (true)`},
	{"a wider policy", `ALTER POLICY zma_reporter_select ON orders USING (true)`},
	{"security that is off", `ALTER TABLE orders DISABLE ROW LEVEL SECURITY`},
	{"security that is not forced", `ALTER TABLE orders NO FORCE ROW LEVEL SECURITY`},
	{"triggers that are off", `ALTER TABLE audit_log DISABLE TRIGGER ALL`},
	{"one trigger that is off", `ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only`},
	{"a trigger less", `DROP TRIGGER zma_cost_tracking_journal ON zma_cost_tracking`},
	{"a trigger more", `CREATE FUNCTION pg_temp.leak() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER escaped BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION pg_temp.leak()`},
	{"a rule", `CREATE RULE escaped AS ON INSERT TO audit_log DO INSTEAD NOTHING`},
	{"an index, whose function the owner would run", `CREATE INDEX escaped ON orders (name)`},
	{"a column", `ALTER TABLE orders ADD COLUMN escaped text`},
	{"a table of one's own", `ALTER TABLE orders OWNER TO CURRENT_USER`},
	{"a partition that is no more", `ALTER TABLE webhook_deliveries DETACH PARTITION webhook_deliveries_default`},
	{"a view with its owner's rights", `ALTER VIEW report_costs SET (security_invoker = false)`},
	{"a function with its owner's rights", `ALTER FUNCTION report_costs(text, date, date) SECURITY DEFINER`},
	{"a function that looks elsewhere", `ALTER FUNCTION spend_days_follow() SET search_path = pg_temp`},
	{"a table of one's own under a function with its owner's rights", `CREATE TEMP TABLE mine (id int);
		CREATE TRIGGER escaped AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION public.spend_days_follow()`},
	{"a program of the server", `COPY (SELECT 1) TO PROGRAM 'true'`},
	{"a file of the server", `COPY (SELECT 1) TO '/tmp/escaped'`},
	{"a file of the server, read", `SELECT pg_read_file('PG_VERSION')`},
	{"what others would be asked to wait for", `LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE`},
	{"the planner's own notes", `SELECT stavalues1 FROM pg_statistic`},
	{"passwords", `SELECT rolpassword FROM pg_authid`},
	{"a past life of the table", `SELECT pg_relation_filepath('orders'), pg_ls_dir('base')`},
	{"security that is off for a statement", `SET row_security = off; SELECT version_id FROM goose_db_version; SELECT day FROM spend_days; SELECT id FROM audit_log`},
	{"what somebody else is to see", `INSERT INTO reporter_namespaces (role_name, namespace) SELECT CURRENT_USER, 'outlet'`},
	{"the program's version", `UPDATE schema_support SET oldest_version = 99`},
}

func TestNoRoleGetsOutOfItself(t *testing.T) {
	s := worked(t)
	admin := connect(t, s.url)
	var owner string
	s.must(admin.QueryRow(t.Context(), `SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'orders'::regclass`).Scan(&owner))
	other := newLogin(t, "zma_reporter").User
	before := texts(t, admin, sqlShape)
	for _, role := range roles {
		conn := s.as(role)
		for _, e := range escapes {
			sql := strings.NewReplacer("THE_OWNER", owner, "ANOTHER", other).Replace(e.sql)
			if got := attempt(t, conn, sql); got != denied {
				t.Errorf("%s gets %s: %q by %s", role, e.reason, got, sql)
			}
		}
		var pg *pgconn.PgError
		if _, err := conn.Exec(t.Context(), `ALTER SYSTEM SET row_security = off`); !errors.As(err, &pg) || pg.Code != denied {
			t.Errorf("%s sets something for everybody: %v", role, err)
		}
		// Some of these Postgres only warns of, so what counts is what they leave.
		for _, sql := range []string{`GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC`, `GRANT ALL ON orders TO CURRENT_USER`,
			`REVOKE ALL ON orders FROM zma_operator`} {
			_, _ = conn.Exec(t.Context(), sql)
		}
		for _, another := range slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return r == role }) {
			if got := attempt(t, conn, `SET ROLE `+another); got != denied {
				t.Errorf("%s becomes %s: %q", role, another, got)
			}
		}
	}
	if diff := cmp.Diff(before, texts(t, admin, sqlShape)); diff != "" {
		t.Errorf("something was changed: %s", diff)
	}
}

// sqlShape is all of the schema that rights depend on.
const sqlShape = `
SELECT concat_ws(' ', c.relname, c.relkind, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),
    (SELECT string_agg(concat(a.attname, a.attacl), ' ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
    (SELECT string_agg(concat(p.polname, pg_get_expr(p.polqual, c.oid)), ' ' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid),
    (SELECT string_agg(concat(g.tgname, g.tgenabled), ' ' ORDER BY g.tgname) FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal))
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT concat_ws(' ', p.oid::regprocedure, p.proacl, p.prosecdef, p.proconfig, md5(p.prosrc)) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
ORDER BY 1`

// Whose rows a reporter reads is told by its login and the mapping, by nothing that it
// can set, create or become.
func TestAReporterCannotPassForAnother(t *testing.T) {
	s := worked(t)
	conn, other := s.reporter("shop"), s.reporter("outlet")
	var name string
	s.must(other.QueryRow(t.Context(), `SELECT session_user::text`).Scan(&name))
	for _, tc := range []struct{ reason, before string }{
		{"nothing", `SELECT 1`},
		{"settings", `SET zma.namespace = 'outlet'; SET app.namespace = 'outlet'; SET app.current_namespace = 'outlet'`},
		{"another's name in its application", `SET application_name = '` + name + `'`},
		{"a mapping of its own before the real one", `CREATE TEMP TABLE reporter_namespaces (role_name text, namespace text);
			INSERT INTO pg_temp.reporter_namespaces VALUES (CURRENT_USER, 'outlet'); SET search_path = pg_temp, public`},
		{"operators of its own", `CREATE FUNCTION pg_temp.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
			CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.same); SET search_path = pg_temp, pg_catalog, public`},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			for _, relation := range []string{"orders", "journal_entries", "report_costs", "report_spend_by_day", "report_costs('UTC', '2000-01-01', '2099-12-31')"} {
				if _, err := conn.Exec(t.Context(), "BEGIN; "+tc.before); err != nil {
					t.Fatal(err)
				}
				got := strings.Join(texts(t, conn, `SELECT DISTINCT namespace::text FROM public.`+relation), " ")
				if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
					t.Fatal(err)
				}
				if got != "shop" {
					t.Errorf("%s: sees %q", relation, got)
				}
			}
		})
	}
	if got := attempt(t, conn, `SET ROLE `+name); got != denied {
		t.Errorf("a reporter becomes another: %q", got)
	}
	// The role itself, which it may become, is mapped to nothing.
	if _, err := conn.Exec(t.Context(), `SET ROLE zma_reporter`); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, conn, `SELECT namespace::text FROM orders`); len(got) != 0 {
		t.Errorf("the role without a login sees %d rows", len(got))
	}
}

// A condition that tells what it is asked about runs after the policies, so that it
// is never asked about others' rows, in tables and views alike.
func TestAConditionIsNotAskedAboutRowsOfOthers(t *testing.T) {
	s := worked(t)
	conn := s.reporter("shop")
	if _, err := conn.Exec(t.Context(), `CREATE TEMP TABLE told (what text);
		CREATE FUNCTION pg_temp.tell(what text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
		'BEGIN INSERT INTO pg_temp.told VALUES (what); RETURN true; END'`); err != nil {
		t.Fatal(err)
	}
	for _, relation := range []string{"orders", "zma_cost_tracking", "webhook_deliveries", "report_open_orders", "report_costs", "report_spend_by_day"} {
		sql := fmt.Sprintf(`SELECT count(*) FROM public.%s WHERE pg_temp.tell(namespace)`, relation)
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		if got := strings.Join(texts(t, conn, `SELECT DISTINCT what FROM told ORDER BY what`), " "); got != "shop" {
			t.Errorf("%s: told of %q", relation, got)
		}
	}
}

// Functions that run as the owner find the schema's own tables and functions, whatever
// the caller has put before them.
func TestTriggersOfTheOwnerAreNotLedAstray(t *testing.T) {
	s := newStaff(t)
	conn := s.as("zma_operator")
	for _, name := range []string{"journal_transactions", "journal_entries", "spend_periods", "spend_days", "zma_cost_tracking", "orders", "security_events"} {
		_, err := conn.Exec(t.Context(), fmt.Sprintf(`CREATE TEMP TABLE %s (namespace text)`, name))
		s.must(err)
	}
	_, err := conn.Exec(t.Context(), `
CREATE FUNCTION pg_temp.date_bin(text, timestamptz, text) RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''led astray''; END';
CREATE FUNCTION pg_temp.date_trunc(text, timestamptz, text) RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''led astray''; END';
SET search_path = pg_temp, public, pg_catalog;
INSERT INTO public.order_identities (namespace, source, external_id, name, uid, created_at) VALUES ('shop', 'store', 'order-1', 'zo', 'uid', now());
INSERT INTO public.order_attempts (namespace, source, external_id, attempt, state, idempotency_key, provider_account_id, max_price_cents, reserved_at)
	VALUES ('shop', 'store', 'order-1', 1, 'reserved', 'key', 'acct', 1000, now());
INSERT INTO public.zma_cost_tracking (namespace, source, external_id, attempt, state, account, customer_id, currency, estimated_cents, max_price_cents, reserved_at)
	VALUES ('shop', 'store', 'order-1', 1, 'reserved', 'main', 'customer-1', 'USD', 800, 1000, now());
UPDATE public.zma_cost_tracking SET state = 'settled', settled_at = now(), subtotal_cents = 850, shipping_cents = 0, tax_cents = 0, adjustment_cents = 0,
	total_cents = 850, variance_cents = 50;
INSERT INTO public.webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status, duration_us, client_hash, order_name,
	external_id_hash, webhook_id, body_bytes, security_event) VALUES (now(), '', 'shop', 'store', '', '', '', '', 401, 1, '', '', '', '', 1, 'bad_signature')`)
	s.must(err)
	for name, want := range map[string]int64{"journal_transactions": 2, "journal_entries": 5, "spend_periods": 1, "spend_days": 1, "security_events": 1} {
		if got := value[int64](s.db, `SELECT count(*) FROM public.`+name); got != want {
			t.Errorf("%s has %d rows, want %d", name, got, want)
		}
		if got := texts(t, conn, `SELECT count(*)::text FROM pg_temp.`+name)[0]; got != "0" {
			t.Errorf("the caller's own %s has %s rows", name, got)
		}
	}
	if got := value[int64](s.db, `SELECT count(*) FROM journal_differences`); got != 0 {
		t.Errorf("%d differences", got)
	}
}
