package ledger_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Every statement of the program is within the rights of its role, whichever branch
// runs it: EXPLAIN asks for the rights that execution would, and does nothing.
func TestEveryStatementIsWithinTheRightsOfItsRole(t *testing.T) {
	s := newStaff(t)
	ofIntake := map[string]bool{"sqlInsertDelivery": true, "sqlNotifyHint": true, "sqlRateSecret": true, "sqlShareRates": true,
		"sqlForgetRates": true, "sqlSchemaVersion": true, "sqlSchemaSupport": true}
	// These name nothing that a right is needed for.
	ofNobody := map[string]bool{"sqlTrySealLock": true, "sqlLockCustomer": true, "sqlAuditWriters": true}
	operator, intake := s.as("zma_operator"), s.as("zma_intake")
	for name, sql := range statements(t) {
		explained := explained(sql)
		if got := attempt(t, operator, explained); got != "" {
			t.Errorf("%s as zma_operator: %s", name, got)
		}
		got := attempt(t, intake, explained)
		if ofIntake[name] && got != "" {
			t.Errorf("%s as zma_intake: %s", name, got)
		}
		if !ofIntake[name] && !ofNobody[name] && got != denied {
			t.Errorf("%s as zma_intake: got %q, want %q", name, got, denied)
		}
	}
}

var parameter = regexp.MustCompile(`\$(\d+)`)

func explained(sql string) string {
	most := 0
	for _, m := range parameter.FindAllStringSubmatch(sql, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil {
			most = max(most, n)
		}
	}
	if most == 0 {
		return "EXPLAIN " + sql
	}
	nothing := strings.TrimSuffix(strings.Repeat("NULL, ", most), ", ")
	return fmt.Sprintf("DEALLOCATE ALL; PREPARE tried AS %s; EXPLAIN EXECUTE tried (%s)", sql, nothing)
}

func TestTheProgramWorksUnderItsRole(t *testing.T) {
	s := newStaff(t)
	operator := s.ledgerAs("zma_operator")
	for _, namespace := range []string{"shop", "outlet"} {
		s.operate(operator, namespace)
	}
	// Where one login does everything, it is the owner.
	s.operate(s.open(s.owner), "attic")
	s.takeWebhooks(s.ledgerAs("zma_intake"), operator)
	books, err := operator.Books(t.Context(), "")
	if err != nil || len(books.Differences) != 0 || len(books.Balances) == 0 {
		t.Errorf("the books: %+v, %v", books, err)
	}
	// The auditor needs nobody's help to check money and trail.
	auditor := s.ledgerAs("zma_auditor")
	seen, err := auditor.Books(t.Context(), "")
	if diff := cmp.Diff(books, seen); err != nil || diff != "" {
		t.Errorf("the books that the auditor sees: %v %s", err, diff)
	}
	report, err := auditor.VerifyAudit(t.Context(), nil)
	if err != nil || !report.Sound() || report.Rows == 0 {
		t.Errorf("the trail that the auditor sees: %+v, %v", report, err)
	}
	s.must(auditor.CheckSchema(t.Context()))
	s.keepUp(operator)
}

// keepUp does what is done now and then.
func (s *staff) keepUp(l *ledger.Ledger) {
	s.t.Helper()
	ctx := s.t.Context()
	s.clock.set(noon.Add(time.Hour))
	if rows, err := l.AuditSecurityEvents(ctx); err != nil || rows == 0 {
		s.t.Errorf("security events: %d rows, %v", rows, err)
	}
	if _, err := l.EnsurePartitions(ctx); err != nil {
		s.t.Errorf("making partitions: %v", err)
	}
	if _, err := l.DropDeliveries(ctx, 90*24*time.Hour); err != nil {
		s.t.Errorf("dropping deliveries: %v", err)
	}
	r, o := reservation(1, 1), order(1, "a", noon, 1)
	r.Identity.Namespace, r.CustomerID = "gone", o.Spec.Customer.ID
	o.Namespace = "gone"
	_, err := l.Reserve(ctx, r)
	s.must(err)
	bought := settlement(1, 1)
	bought.Identity = r.Identity
	s.must(l.Settle(ctx, bought))
	s.must(l.Mirror(ctx, []ledger.Snapshot{{Order: o, Deleted: true}}))
	if _, err := l.EraseCustomer(ctx, "gone", o.Spec.Customer.ID, "someone"); err != nil {
		s.t.Errorf("erasing a customer: %v", err)
	}
}
