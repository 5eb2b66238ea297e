package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/controllers"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// TestAuditVerifyTellsByItsStatus anchors at a real API server, and verifies a
// sound trail, one that nobody can tell of, and a broken one.
func TestAuditVerifyTellsByItsStatus(t *testing.T) {
	pg, err := postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop() })
	cluster, err := kube.Start(t.Context(), kube.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Stop() })
	t.Setenv("KUBECONFIG", cluster.KubeconfigPath())
	api, err := client.New(cluster.Config(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "zma-system"}}); err != nil {
		t.Fatal(err)
	}
	url := pg.NewDatabase(t)
	if _, _, err := ledger.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC) }
	l, err := ledger.Open(t.Context(), ledger.Options{URL: url, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	anchor := controllers.AuditAnchor{Client: api, Namespace: "zma-system", Name: controllers.AuditAnchorName}
	verify := func(o AuditOptions) (int, string) {
		var out bytes.Buffer
		o.AnchorNamespace, o.AnchorName = anchor.Namespace, anchor.Name
		if err := VerifyAudit(t.Context(), Environment{DatabaseURL: url, Now: now, Out: &out}, o); err != nil {
			return ExitStatus(err), out.String()
		}
		return 0, out.String()
	}
	expect := func(reason string, o AuditOptions, want int) {
		t.Helper()
		if got, out := verify(o); got != want {
			t.Errorf("%s: status %d, want %d; %s", reason, got, want, out)
		}
	}
	var heads []ledger.AuditHead
	for range 2 {
		if err := l.Audit(t.Context(), ledger.AuditEntry{Action: "settle"}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.NewAuditSealer().Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		head, err := l.AuditHead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, head)
	}
	expect("nothing is anchored", AuditOptions{}, 2)
	expect("no anchor is wanted", AuditOptions{NoAnchor: true}, 0)
	for _, h := range heads {
		if err := anchor.Advance(t.Context(), h, l.HoldsAuditHead); err != nil {
			t.Fatal(err)
		}
	}
	expect("the anchored head", AuditOptions{}, 0)
	file := filepath.Join(t.TempDir(), "head.json")
	raw, err := json.Marshal(heads[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("a head of before", AuditOptions{HeadFile: file, JSON: true}, 0)
	expect("a file that is not there", AuditOptions{HeadFile: file + "x"}, 2)

	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `SET session_replication_role = replica; DELETE FROM audit_log WHERE id > 1; DELETE FROM audit_blocks WHERE number > 1`); err != nil {
		t.Fatal(err)
	}
	expect("a tail that was cut off", AuditOptions{}, 1)
	expect("the same, to which the anchor is not asked", AuditOptions{NoAnchor: true}, 0)
	if err := anchor.Advance(t.Context(), heads[0], l.HoldsAuditHead); !errors.Is(err, controllers.ErrAuditAnchorMismatch) {
		t.Errorf("a shorter chain was anchored: %v", err)
	}
	if kept, err := anchor.Head(t.Context()); err != nil || *kept != heads[1] {
		t.Errorf("the anchor is %+v, %v; want the head of before", kept, err)
	}
	url = "postgres://nobody@127.0.0.1:1/none"
	expect("Postgres is away", AuditOptions{}, 2)
}
