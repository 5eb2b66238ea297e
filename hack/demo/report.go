package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

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
	if err := s.purchases(ctx, r, deliveries); err != nil {
		return false, err
	}
	if err := s.costs(ctx, r); err != nil {
		return false, err
	}
	if err := s.mails(ctx, r, deliveries); err != nil {
		return false, err
	}
	fmt.Println()
	if r.failed == 0 {
		fmt.Println("Every expectation held.")
	} else {
		fmt.Printf("Expectations that did not hold: %d\n", r.failed)
	}
	return r.failed == 0, nil
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
