package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// trailOf are the rows of an order's audit trail in short, in order.
func (w *world) trailOf(name string) string {
	w.t.Helper()
	var got string
	w.must(w.text(&got, `select coalesce(string_agg(action || coalesce(' ' || coalesce(detail->>'reason', detail->>'verb', detail->>'limit',
		(detail->>'check') || ' ' || (detail->>'outcome'), case action when 'submit' then detail->>'outcome' end), ''), '; ' order by id), '')
		from audit_log where object = '`+name+`'`))
	return got
}

// told waits until the trail of an order holds each of some rows, and checks that it
// holds none twice.
func (w *world) told(name string, want ...string) error {
	var got string
	lacks := func() (missing []string) {
		rows := strings.Split(w.trailOf(name), "; ")
		got = strings.Join(rows, "; ")
		for _, row := range want {
			n := 0
			for _, r := range rows {
				if r == row {
					n++
				}
			}
			if n != 1 {
				missing = append(missing, fmt.Sprintf("%d of %q", n, row))
			}
		}
		return missing
	}
	if eventually(func() bool { return len(lacks()) == 0 }) {
		return nil
	}
	return fmt.Errorf("the trail of %s has %v: %s", name, lacks(), got)
}

// historyTold checks that each transition of an order is in the trail once.
func (w *world) historyTold(name string) error {
	o, err := w.order(name)
	if err != nil {
		return err
	}
	if !eventually(func() bool {
		n, err := w.count("select count(*) from audit_log where action = 'order.transition' and object = $1", name)
		return err == nil && n == len(o.Status.History)
	}) {
		return fmt.Errorf("the order has %d transitions, its trail: %s", len(o.Status.History), w.trailOf(name))
	}
	for _, h := range o.Status.History {
		n, err := w.count("select count(*) from audit_log where action = 'order.transition' and object = $1 and at = $2 and detail->>'reason' = $3",
			name, h.At.Time, h.Reason)
		if err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%s at %s is not in the trail", h.Reason, h.At))
		}
	}
	return nil
}

// TestTheTrailTellsAllOfAnOrderAndNothingOfAPerson plants what belongs to a person,
// has orders approved, rejected, refused by a limit and by the provider, and looks for
// each act, and for the person.
func TestTheTrailTellsAllOfAnOrderAndNothingOfAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{policy: "strict"})
	w.must(w.client.Create(t.Context(), strict(w.namespace)))
	planted := func(id, product string) string {
		o := shop.NewOrder(id, item(product))
		o.ShippingAddress.FirstName, o.ShippingAddress.LastName = "Zebulon", "Quux"
		o.ShippingAddress.Line1, o.ShippingAddress.Line2, o.ShippingAddress.Phone = "77 Planted Lane", "Box Quince", "+15032239999"
		o.Customer["email"], o.Customer["id"] = "planted@example.org", "customer-zq"
		o.Gift = map[string]any{"message": "For Zeb of Planted Lane"}
		return w.send(o)
	}
	good, rejected, gone := planted("good", zmasim.ProductOK), planted("no", zmasim.ProductOK), planted("gone", zmasim.ProductFor("product_unavailable"))
	for _, name := range []string{good, rejected, gone} {
		w.waitForReason(name, v1alpha1.ReasonAwaitingApproval)
	}
	w.handled(good, "approve")
	w.handled(rejected, "reject")
	w.handled(gone, "approve")
	w.waitFor(good, "Ready", isReady)
	w.waitForReason(rejected, v1alpha1.ReasonDenied)
	w.waitForReason(gone, v1alpha1.ReasonRejected)
	cent := int64(1)
	w.changeAccount(func(a *v1alpha1.ZMAAccount) { a.Spec.Budget = &v1alpha1.Budget{DailyCents: &cent} })
	poor := planted("poor", zmasim.ProductOK)
	w.waitForReason(poor, v1alpha1.ReasonAwaitingApproval)
	w.handled(poor, "approve")
	w.waitForReason(poor, v1alpha1.ReasonBudgetExceeded)
	w.securityEvent()

	w.check(w.told(good, "decide order review", "decide order approved", "order.recover approve", "reserve", "submit intended", "submit accepted", "settle"))
	w.check(w.told(rejected, "decide order review", "order.recover reject", "order.transition Denied"))
	w.check(w.told(gone, "reserve", "submit intended", "submit rejected", "release Rejected"))
	w.check(w.told(poor, "decide order approved", "refuse daily"))
	for _, name := range []string{good, rejected, gone, poor} {
		w.check(w.historyTold(name))
	}
	w.nobodyIn("Zebulon", "Quux", "Planted", "Quince", "5032239999", "planted@", "customer-zq", "Zeb", "97204", "Portland", "sim-token", "whsec_")
	w.soundTrail()
}

// securityEvent is a delivery of some minutes ago, whose event the leading controller
// has to gather.
func (w *world) securityEvent() {
	w.t.Helper()
	const insert = `with made as (insert into webhook_deliveries (at, request_id, namespace, source, route, method, outcome, category, status, duration_us,
		client_hash, order_name, external_id_hash, webhook_id, body_bytes, security_event)
		select now() - interval '10 minutes', '', '` + shop.SourceName + `', 'forged', '', '', '', '', 401, 1, '', '', '', '', 1, 'bad_signature' from generate_series(1, 3) returning 1)
		select count(*)::text from made`
	var made string
	w.must(w.text(&made, insert))
	w.check(w.told("forged", "security"))
	var n string
	w.must(w.text(&n, `select detail->>'event' || ' ' || (detail->>'count') || ' ' || actor from audit_log where action = 'security' and object = 'forged'`))
	if n != "bad_signature "+made+" endpoint" {
		w.t.Errorf("the row of %s security events says %q", made, n)
	}
}

// nobodyIn looks for words in all of the trail, and checks that each row has a digest.
func (w *world) nobodyIn(words ...string) {
	w.t.Helper()
	rows, err := w.count("select count(*) from audit_log")
	w.must(err)
	if rows < 20 {
		w.t.Errorf("there are only %d rows to look at", rows)
	}
	for _, word := range words {
		n, err := w.count("select count(*) from audit_log a where strpos(lower(a::text), lower($1)) > 0", word)
		if err != nil || n != 0 {
			w.t.Errorf("%d rows of the trail hold %q: %v", n, word, err)
		}
	}
	n, err := w.count("select count(*) from audit_log where length(inputs_digest) <> 64")
	if err != nil || n != 0 {
		w.t.Errorf("%d rows have no digest: %v", n, err)
	}
	keys, err := w.count("select count(*) from audit_log a join order_attempts o on strpos(a::text, o.idempotency_key) > 0")
	if err != nil || keys != 0 {
		w.t.Errorf("%d rows hold an idempotency key: %v", keys, err)
	}
}

// soundTrail has the program itself verify the trail.
func (w *world) soundTrail() {
	w.t.Helper()
	verify := exec.CommandContext(w.t.Context(), shared.binary, "audit", "verify", "--no-anchor")
	verify.Env = append(os.Environ(), "DATABASE_URL="+w.database)
	out, err := verify.CombinedOutput()
	if err != nil {
		w.t.Errorf("audit verify: %v\n%s", err, out)
	}
}

// TestRowsThatDiedWithTheProcessAreMadeAgain kills the process before the commit of
// the first rows of an order: intent and decision are in none of its rows.
func TestRowsThatDiedWithTheProcessAreMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	hit := w.trap.Arm(proxy.Point{Effect: proxy.TransitionAudit, Phase: proxy.Before}, w.operator.Kill)
	defer w.trap.Disarm()
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	select {
	case <-hit:
	case <-time.After(patience):
		t.Fatal("no row was written")
	}
	var before string
	w.must(w.text(&before, `select coalesce(string_agg(distinct action, ' '), '') from audit_log`))
	if before != "reserve" {
		t.Errorf("the dead process left rows of %q, want its reservation's alone", before)
	}
	w.must(w.operator.Start(t.Context()))
	w.waitFor(name, "Ready", isReady)
	w.check(w.told(name, "reserve", "submit intended", "submit accepted", "order.transition Submitting", "order.transition Placed", "settle"))
	w.check(w.historyTold(name))
	w.soundTrail()
}

// TestTheTrailWaitsForTheLedger has an order placed while Postgres is away.
func TestTheTrailWaitsForTheLedger(t *testing.T) {
	t.Parallel()
	own := ownPostgres(t)
	w := newWorld(t, settings{postgres: own, sim: zmasim.Options{Processing: 4 * time.Second}})
	name := w.send(shop.NewOrder("underway", item(zmasim.ProductOK)))
	w.waitForReason(name, v1alpha1.ReasonProcessing)
	w.must(own.Pause())
	w.waitForReason(name, v1alpha1.ReasonCostPending)
	w.must(own.Resume(t.Context()))
	w.waitFor(name, "Ready", isReady)
	w.check(w.told(name, "order.transition CostPending", "order.transition Placed"))
	w.check(w.historyTold(name))
}
