package intake

import (
	"os"
	"testing"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

// Webhooks of a run, and how fast they arrive, unless INTAKE_WEBHOOKS and
// INTAKE_RATE say otherwise.
const (
	webhooks      = 20000
	webhooksShort = 1000
	perSecond     = 150
	limited       = 1000
)

// TestNothingAcknowledgedIsLost sends webhooks to two replicas while one is killed,
// the API server is restarted and PostgreSQL is away: in the end every valid ID
// exists exactly once, no other exists, and every answer that was given was true.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	s, err := ground()
	if err != nil {
		t.Fatal(err)
	}
	n := webhooks
	if testing.Short() {
		n = webhooksShort
	}
	report, err := Run(t.Context(), Options{
		Seed: uint64(number(t, "INTAKE_SEED", 1)), Webhooks: number(t, "INTAKE_WEBHOOKS", n), PerSecond: float64(number(t, "INTAKE_RATE", perSecond)),
		Troubles: Troubles(), Limited: number(t, "INTAKE_LIMITED", limited), Binary: s.binary, Servers: s.servers, Logs: os.Getenv("INTAKE_LOGS"),
		Progress: func(line string) { t.Log(line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", report)
	if len(report.Violations) > 0 {
		t.Fatalf("%d promises were broken, first %v", len(report.Violations), report.Violations[0])
	}
	felt(t, report)
}

// felt checks that the run was one: troubles that nobody feels prove nothing.
func felt(t *testing.T, r *Report) {
	t.Helper()
	for what, n := range map[string]int{
		"repetitions":                  r.Wide.Answers[200],
		"conflicts":                    r.Wide.Answers[409],
		"forgeries":                    r.Wide.Answers[401],
		"bad bodies":                   r.Wide.Answers[400],
		"answers without the API":      r.Wide.Answers[503],
		"requests to a killed replica": r.Wide.Troubles["refused"] + r.Wide.Troubles["broken off"],
		"answers at the limit":         r.Narrow.Answers[429],
	} {
		if n == 0 {
			t.Errorf("there were no %s", what)
		}
	}
	if missing, _ := oracle.Missing(r.Evidence); len(missing) > 0 {
		t.Logf("%d rows of the delivery log are counted as dropped", len(missing))
	}
}
