package controllers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// AuditAnchorName is the ConfigMap that holds the head of the audit chain.
const AuditAnchorName = "zma-audit-head"

// auditAnchorKey of the ConfigMap; its value is what audit verify --head reads.
const auditAnchorKey = "head.json"

var (
	// ErrAuditAnchorMissing means that no head has been kept.
	ErrAuditAnchorMissing = errors.New("no head of the audit chain is anchored")
	// ErrAuditAnchorMismatch means that the database does not hold the head that
	// was kept: it lost it, or has another.
	ErrAuditAnchorMismatch = errors.New("the audit chain does not hold the anchored head")
	// errAuditHead means that what is kept is no head.
	errAuditHead = errors.New("this is no head of an audit chain")
)

// AuditAnchor keeps the head of the audit chain where a superuser of Postgres
// can't reach it, and a restore of Postgres does not.
type AuditAnchor struct {
	// Client reads and writes the ConfigMap without a cache.
	Client client.Client
	// Namespace and Name of it.
	Namespace, Name string
}

// Head reads the head that was kept. Returns ErrAuditAnchorMissing when there is
// none.
func (a AuditAnchor) Head(ctx context.Context) (*ledger.AuditHead, error) {
	_, head, err := a.read(ctx)
	return head, err
}

// Advance keeps a head, if holds tells that the database still has the one kept
// before. It never goes back. A conflict with another writer is no error: the
// next call sees what it wrote.
func (a AuditAnchor) Advance(ctx context.Context, to ledger.AuditHead, holds func(context.Context, ledger.AuditHead) (bool, error)) error {
	stored, kept, err := a.read(ctx)
	if errors.Is(err, ErrAuditAnchorMissing) {
		return a.create(ctx, to)
	}
	if err != nil {
		return err
	}
	held, err := holds(ctx, *kept)
	if err != nil {
		return err
	}
	if !held || kept.Block > to.Block {
		return fmt.Errorf("%w: block %d", ErrAuditAnchorMismatch, kept.Block)
	}
	if kept.Block == to.Block {
		return nil
	}
	if err := setHead(stored, to); err != nil {
		return err
	}
	if err := a.Client.Update(ctx, stored); err != nil && !apierrors.IsConflict(err) {
		return fmt.Errorf("anchor the audit chain: %w", err)
	}
	return nil
}

func (a AuditAnchor) create(ctx context.Context, head ledger.AuditHead) error {
	if head.Block == 0 {
		return nil
	}
	o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: a.Name}}
	if err := setHead(o, head); err != nil {
		return err
	}
	if err := a.Client.Create(ctx, o); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("anchor the audit chain: %w", err)
	}
	return nil
}

func (a AuditAnchor) read(ctx context.Context) (*corev1.ConfigMap, *ledger.AuditHead, error) {
	var o corev1.ConfigMap
	err := a.Client.Get(ctx, types.NamespacedName{Namespace: a.Namespace, Name: a.Name}, &o)
	if apierrors.IsNotFound(err) {
		return nil, nil, fmt.Errorf("%w in %s/%s", ErrAuditAnchorMissing, a.Namespace, a.Name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the anchored head: %w", err)
	}
	head, err := ParseAuditHead([]byte(o.Data[auditAnchorKey]))
	if err != nil {
		// Somebody has edited it; writing over it would hide that.
		return nil, nil, fmt.Errorf("%w: %w", ErrAuditAnchorMismatch, err)
	}
	return &o, head, nil
}

func setHead(o *corev1.ConfigMap, head ledger.AuditHead) error {
	raw, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("encode the head of the audit chain: %w", err)
	}
	if o.Data == nil {
		o.Data = map[string]string{}
	}
	o.Data[auditAnchorKey] = string(raw)
	return nil
}

// ParseAuditHead reads a head as the anchor holds it.
func ParseAuditHead(raw []byte) (*ledger.AuditHead, error) {
	var head ledger.AuditHead
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&head); err != nil {
		return nil, fmt.Errorf("%w: %w", errAuditHead, err)
	}
	if head.Block < 1 {
		return nil, fmt.Errorf("%w: block %d", errAuditHead, head.Block)
	}
	return &head, nil
}
