package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/spf13/pflag"

	"github.com/zma-operator/zma-operator/controllers"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// The statuses of audit verify.
const (
	auditBroken  = 1
	auditUnknown = 2
)

// ErrAuditBroken means that the audit trail is not what was sealed.
var ErrAuditBroken = errors.New("the audit trail is broken")

// AuditOptions are the flags of audit verify.
type AuditOptions struct {
	// Anchor is the ConfigMap with the head of the chain.
	AnchorNamespace, AnchorName string
	// HeadFile holds a head that was kept, instead of the anchor.
	HeadFile string
	// NoAnchor verifies the database alone.
	NoAnchor bool
	// JSON prints the report as JSON.
	JSON bool
}

// Bind defines the flags.
func (o *AuditOptions) Bind(f *pflag.FlagSet) {
	f.StringVar(&o.AnchorNamespace, "anchor-namespace", "zma-system", "namespace of the anchored head")
	f.StringVar(&o.AnchorName, "anchor-name", controllers.AuditAnchorName, "ConfigMap of the anchored head")
	f.StringVar(&o.HeadFile, "head", "", "file with a head that was kept, instead of the anchored one; - reads standard input")
	f.BoolVar(&o.NoAnchor, "no-anchor", false, "verify the database alone: a tail that was cut off is not found")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
}

// VerifyAudit verifies the audit trail and prints what it found. The error's
// status is 1 when the trail is broken, and 2 when that could not be told.
func VerifyAudit(ctx context.Context, env Environment, o AuditOptions) error {
	if env.DatabaseURL == "" {
		return CouldNotTell(ErrNoDatabase)
	}
	// Read before the database: sealing may go on.
	anchor, anchorErr := o.anchor(ctx)
	if anchorErr != nil {
		anchorErr = fmt.Errorf("the head to compare with: %w", anchorErr)
	}
	report, err := verifyAudit(ctx, env, anchor)
	if err != nil && report.Sound() {
		return CouldNotTell(errors.Join(err, anchorErr))
	}
	if printErr := o.print(env.Out, report); printErr != nil {
		return CouldNotTell(printErr)
	}
	switch {
	case !report.Sound():
		return &StatusError{Status: auditBroken, Err: errors.Join(ErrAuditBroken, err, anchorErr)}
	case anchorErr != nil:
		return CouldNotTell(anchorErr)
	}
	return nil
}

// CouldNotTell gives an error the status of a verification that came to no result.
func CouldNotTell(err error) error { return &StatusError{Status: auditUnknown, Err: err} }

func verifyAudit(ctx context.Context, env Environment, anchor *ledger.AuditHead) (ledger.AuditReport, error) {
	l, err := ledger.Open(ctx, ledger.Options{URL: env.DatabaseURL, Now: env.Now, MaxConns: 1, ApplicationName: "zma-operator audit"})
	if err != nil {
		return ledger.AuditReport{}, err
	}
	defer l.Close()
	if err := checkSchema(ctx, l); err != nil {
		return ledger.AuditReport{}, err
	}
	return l.VerifyAudit(ctx, anchor)
}

// anchor gives the head to compare with; nil for none.
func (o *AuditOptions) anchor(ctx context.Context) (*ledger.AuditHead, error) {
	if o.NoAnchor {
		return nil, nil
	}
	if o.HeadFile != "" {
		return headFile(o.HeadFile)
	}
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return nil, err
	}
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		return nil, err
	}
	a := controllers.AuditAnchor{Client: c, Namespace: o.AnchorNamespace, Name: o.AnchorName}
	return a.Head(ctx)
}

func headFile(name string) (*ledger.AuditHead, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil { //nolint:gosec // the file that the user names
			return nil, err
		}
		defer func() { _ = f.Close() }() // it was only read
	}
	raw, err := io.ReadAll(io.LimitReader(f, 1<<16))
	if err != nil {
		return nil, err
	}
	return controllers.ParseAuditHead(raw)
}

func (o *AuditOptions) print(w io.Writer, r ledger.AuditReport) error {
	if o.JSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			Sound bool `json:"sound"`
			ledger.AuditReport
		}{r.Sound(), r})
	}
	for _, f := range r.Findings {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	if r.MoreFindings > 0 {
		if _, err := fmt.Fprintf(w, "and %d more\n", r.MoreFindings); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d blocks and %d rows read, head is block %d; %s\n", r.Blocks, r.Rows, r.Head.Block, unsealed(r))
	return err
}

func unsealed(r ledger.AuditReport) string {
	if r.OldestUnsealed == nil {
		return "all rows are sealed"
	}
	return fmt.Sprintf("%d rows are not sealed yet, the oldest of %s", r.Unsealed, r.OldestUnsealed.UTC().Format(time.RFC3339))
}
