package controllers

import (
	"context"
	"errors"
	"time"

	"github.com/go-logr/logr"

	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// auditSealPause is the time between two blocks of a quiet trail, and what an
// attacker may change unnoticed is younger than about twice of it.
const auditSealPause = 10 * time.Second

// auditAnchorTimeout bounds reading and writing the anchor.
const auditAnchorTimeout = 10 * time.Second

// auditMismatchKey is the alert's key: there is one chain.
const auditMismatchKey = "AuditAnchorMismatch"

// AuditLedger is what sealing needs of the ledger.
type AuditLedger interface {
	AuditHead(context.Context) (ledger.AuditHead, error)
	HoldsAuditHead(context.Context, ledger.AuditHead) (bool, error)
	RaiseAlert(context.Context, ledger.Alert) (bool, error)
	ResolveAlert(context.Context, string) (bool, error)
}

// AuditSealer seals the audit trail in the background, and keeps its head outside
// the database. Nothing waits for it.
type AuditSealer struct {
	// Ledger holds the chain.
	Ledger AuditLedger
	// Gather moves the endpoint's security events into the trail.
	Gather func(context.Context) (rows int, err error)
	// Seal seals what can be.
	Seal func(context.Context) (ledger.SealedBlocks, error)
	// Anchor keeps the head; nil where there is no namespace for it.
	Anchor *AuditAnchor
	// Metrics of blocks, age and mismatch.
	Metrics *telemetry.Metrics
	// Log of failures.
	Log logr.Logger
	// Now is the clock.
	Now func() time.Time

	// oldest is the time of the oldest unsealed row that was seen.
	oldest     time.Time
	mismatched bool
}

// NeedLeaderElection makes one sealer of many replicas. Two would do no harm.
func (s *AuditSealer) NeedLeaderElection() bool { return true }

// Start seals until the context ends.
func (s *AuditSealer) Start(ctx context.Context) error {
	if s.Anchor == nil {
		s.Log.Info("The head of the audit chain is not anchored: the namespace of the operator is not known")
	}
	tick := time.NewTicker(auditSealPause)
	defer tick.Stop()
	for {
		s.Step(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Step seals and anchors once.
func (s *AuditSealer) Step(ctx context.Context) {
	_, gathered := s.Gather(ctx)
	sealed, err := s.Seal(ctx)
	s.Metrics.AuditBlocks.Add(float64(sealed.Blocks))
	if err == nil {
		s.oldest = sealed.OldestUnsealed
		err = s.anchor(ctx)
	}
	s.age()
	err = errors.Join(gathered, err)
	if err != nil && ctx.Err() == nil {
		s.Metrics.AuditErrors.Inc()
		s.Log.Info("The audit trail could not be sealed and anchored; trying again", "error", err.Error())
	}
}

// age goes on while Postgres is away.
func (s *AuditSealer) age() {
	if s.oldest.IsZero() {
		s.Metrics.AuditUnsealedAge.Set(0)
		return
	}
	s.Metrics.AuditUnsealedAge.Set(max(0, s.Now().Sub(s.oldest).Seconds()))
}

// anchor keeps the head, unless the database has lost the one kept before: that
// one is all that tells of it.
func (s *AuditSealer) anchor(ctx context.Context) error {
	if s.Anchor == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, auditAnchorTimeout)
	defer cancel()
	head, err := s.Ledger.AuditHead(ctx)
	if err != nil {
		return err
	}
	err = s.Anchor.Advance(ctx, head, s.Ledger.HoldsAuditHead)
	if errors.Is(err, ErrAuditAnchorMismatch) {
		return s.mismatch(ctx, err)
	}
	if err != nil {
		return err
	}
	return s.match(ctx)
}

func (s *AuditSealer) mismatch(ctx context.Context, cause error) error {
	s.Metrics.AuditAnchorMismatch.Set(1)
	if !s.mismatched {
		s.Log.Error(cause, "The audit trail is not what was anchored; run zma-operator audit verify")
	}
	s.mismatched = true
	_, err := s.Ledger.RaiseAlert(ctx, ledger.Alert{
		Key: auditMismatchKey, Severity: ledger.SeverityCritical, Kind: "AuditAnchorMismatch",
		Namespace: s.Anchor.Namespace, Object: s.Anchor.Name,
		Summary: cause.Error(), Runbook: "docs/runbooks/ZMAAuditAnchorMismatch.md",
	})
	return err
}

func (s *AuditSealer) match(ctx context.Context) error {
	s.Metrics.AuditAnchorMismatch.Set(0)
	_, err := s.Ledger.ResolveAlert(ctx, auditMismatchKey)
	s.mismatched = false
	return err
}
