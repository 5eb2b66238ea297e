package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// report counts what did not go as it should.
type report struct{ failed int }

// expect prints one expectation with whether it held.
func (r *report) expect(held bool, format string, args ...any) {
	mark := "✓"
	if !held {
		mark = "✗"
		r.failed++
	}
	fmt.Printf("  %s %s\n", mark, fmt.Sprintf(format, args...))
}

func (s *scene) report(ctx context.Context, r *report, deliveries []delivery) (bool, error) {
	say("kubectl get zmaorders -o wide")
	cmd := exec.CommandContext(ctx, s.stack.Kube.Kubectl(), "--kubeconfig", s.stack.Kube.KubeconfigPath(), "get", "zmaorders", "-n", namespace, "-o", "wide")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return false, fmt.Errorf("kubectl: %w", err)
	}
	s.purchases(ctx, r, deliveries)
	if err := s.costs(ctx, r); err != nil {
		return false, err
	}
	s.mails(ctx, r, deliveries)
	fmt.Println()
	if r.failed == 0 {
		fmt.Println("Every expectation held.")
	} else {
		fmt.Printf("%d expectations did not hold; the operator's log is %s\n", r.failed, s.logFile())
		s.keepLog()
	}
	return r.failed == 0, nil
}

// keepLog shows the end of the log, since the file goes with the demo.
func (s *scene) keepLog() {
	raw, err := os.ReadFile(s.logFile())
	if err != nil {
		return
	}
	const most = 8000
	fmt.Println(string(raw[max(0, len(raw)-most):]))
}

// purchases compares each order with the provider's own record.
func (s *scene) purchases(ctx context.Context, r *report, deliveries []delivery) {
	say("What the provider has bought, by its own record")
	record := s.stack.ZMA.Record()
	for _, d := range unique(deliveries) {
		bought, keys := len(record.PurchasesOf(identity(d.id))), len(record.KeysOf(identity(d.id)))
		reason := s.reason(ctx, d.id)
		r.expect(bought == d.bought && reason == d.reason && keys <= 1, "order %s  bought %d×  under %d key  %s", d.id, bought, keys, reason)
	}
	total := 0
	for _, d := range unique(deliveries) {
		total += d.bought
	}
	r.expect(len(record.Purchases) == total, "%d purchases in all, %d wanted", len(record.Purchases), total)
}

func (s *scene) reason(ctx context.Context, id string) string {
	var o v1alpha1.ZMAOrder
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: v1alpha1.OrderNameFor(shop.SourceName, id)}, &o); err != nil {
		return ""
	}
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

// unique leaves one delivery for each order; redeliveries are of the first.
func unique(deliveries []delivery) []delivery {
	seen := map[string]bool{}
	var out []delivery
	for _, d := range deliveries {
		if !seen[d.id] {
			seen[d.id] = true
			out = append(out, d)
		}
	}
	return out
}

// costs shows the books and compares them with the provider's.
func (s *scene) costs(ctx context.Context, r *report) error {
	say("The books in Postgres")
	l, err := ledger.Open(ctx, ledger.Options{URL: s.database, Now: time.Now})
	if err != nil {
		return err
	}
	defer l.Close()
	summary, err := l.CostSummary(ctx, namespace)
	if err != nil {
		return err
	}
	var spent int64
	for _, p := range s.stack.ZMA.Record().Purchases {
		spent += p.TotalCents
	}
	for _, t := range summary.Totals {
		fmt.Printf("  %s  goods %s + shipping %s + tax %s = %s; estimated %s, still reserved %s\n", t.Currency,
			dollars(t.SubtotalCents), dollars(t.ShippingCents), dollars(t.TaxCents), dollars(t.ActualCents), dollars(t.EstimatedCents), dollars(t.ReservedCents))
		r.expect(t.ActualCents == spent, "Postgres has %s, the provider debited %s", dollars(t.ActualCents), dollars(spent))
		r.expect(t.ReservedCents == 0, "nothing is reserved any more")
	}
	r.expect(len(summary.Totals) == 1, "one currency in the books")
	return nil
}

func dollars(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// mails waits for the confirmations and shows one.
func (s *scene) mails(ctx context.Context, r *report, deliveries []delivery) {
	wanted := 0
	for _, d := range unique(deliveries) {
		wanted += d.bought
	}
	say("The mail, as received")
	deadline := time.After(patience)
	for len(s.stack.SMTP.Messages()) < wanted {
		select {
		case <-ctx.Done():
			return
		case <-deadline:
			r.expect(false, "%d confirmations received, %d wanted", len(s.stack.SMTP.Messages()), wanted)
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	messages := s.stack.SMTP.Messages()
	fmt.Printf("%s\n", messages[0].Data)
	encrypted := true
	for _, m := range messages {
		encrypted = encrypted && m.TLS
	}
	r.expect(len(messages) == wanted, "%d confirmations, one for each order that was bought", len(messages))
	r.expect(encrypted, "all of them by TLS")
}
