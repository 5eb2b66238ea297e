package ledger

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// orderRow is a row of orders; the tags are its columns.
type orderRow struct {
	Namespace              string                   `json:"namespace"`
	Source                 string                   `json:"source"`
	ExternalID             string                   `json:"external_id"`
	Name                   string                   `json:"name"`
	UID                    string                   `json:"uid"`
	RestoreEpoch           int64                    `json:"restore_epoch"`
	ResourceVersion        string                   `json:"resource_version"`
	Generation             int64                    `json:"generation"`
	StatusReason           string                   `json:"status_reason"`
	Ready                  bool                     `json:"ready"`
	Stalled                bool                     `json:"stalled"`
	RequestID              string                   `json:"request_id"`
	Attempt                int64                    `json:"attempt"`
	Account                string                   `json:"account"`
	CustomerID             string                   `json:"customer_id"`
	CustomerEmail          string                   `json:"customer_email"`
	TotalCents             int64                    `json:"total_cents"`
	Currency               string                   `json:"currency"`
	Retailer               string                   `json:"retailer"`
	MaxPriceCents          *int64                   `json:"max_price_cents"`
	ActualTotalCents       *int64                   `json:"actual_total_cents"`
	CallbackTokenHash      *string                  `json:"callback_token_hash"`
	CallbackTokenExpiresAt *time.Time               `json:"callback_token_expires_at"`
	ShippingAddress        v1alpha1.Address         `json:"shipping_address"`
	Conditions             []metav1.Condition       `json:"conditions"`
	History                []v1alpha1.Transition    `json:"history"`
	CreatedAt              time.Time                `json:"created_at"`
	UpdatedAt              time.Time                `json:"updated_at"`
	PlacedAt               *time.Time               `json:"placed_at"`
	DeliveredAt            *time.Time               `json:"delivered_at"`
	DeletedAt              *time.Time               `json:"deleted_at"`
	Metadata               *storedMetadata          `json:"metadata"`
	Spec                   *v1alpha1.ZMAOrderSpec   `json:"spec"`
	Status                 *v1alpha1.ZMAOrderStatus `json:"status"`
	DocumentVersion        string                   `json:"document_version"`
}

// itemRow is a row of order_items without the order's identity.
type itemRow struct {
	LineNumber     int                `json:"line_number"`
	ProductID      string             `json:"product_id"`
	Quantity       int32              `json:"quantity"`
	UnitPriceCents *int64             `json:"unit_price_cents"`
	Title          string             `json:"title"`
	Category       string             `json:"category"`
	Variants       []v1alpha1.Variant `json:"variants"`
}

// mirrorRow is a snapshot ready to be stored.
type mirrorRow struct {
	id           v1alpha1.Identity
	name, uid    string
	deleted      bool
	order, items any
}

func newMirrorRow(s Snapshot, now time.Time) (mirrorRow, error) {
	if _, err := strconv.ParseUint(s.Order.ResourceVersion, 10, 64); err != nil {
		return mirrorRow{}, fmt.Errorf("%w: the resource version is not a number", ErrInvalid)
	}
	row := mirrorRow{id: v1alpha1.IdentityOf(s.Order), name: s.Order.Name, uid: string(s.Order.UID), deleted: s.Deleted}
	var err error
	if row.order, err = encode(newOrderRow(s, row.id, now)); err != nil {
		return mirrorRow{}, err
	}
	row.items, err = encode(newItemRows(s.Order.Spec.Items))
	return row, err
}

func newOrderRow(s Snapshot, id v1alpha1.Identity, now time.Time) orderRow {
	o := s.Order
	r := orderRow{
		Namespace: id.Namespace, Source: id.Source, ExternalID: id.ExternalID,
		Name: o.Name, UID: string(o.UID), RestoreEpoch: s.Epoch,
		ResourceVersion: o.ResourceVersion, Generation: o.Generation,
		Account: o.Spec.AccountRef.Name, CustomerID: o.Spec.Customer.ID, CustomerEmail: o.Spec.Customer.Email,
		TotalCents: o.Spec.Total.AmountCents, Currency: o.Spec.Total.Currency, Retailer: o.Spec.Retailer,
		CallbackTokenHash: byteaText(s.CallbackTokenHash), CallbackTokenExpiresAt: s.CallbackExpires,
		ShippingAddress: o.Spec.ShippingAddress,
		Conditions:      append([]metav1.Condition{}, o.Status.Conditions...),
		History:         append([]v1alpha1.Transition{}, o.Status.History...),
		CreatedAt:       o.CreationTimestamp.UTC(), UpdatedAt: now.UTC(),
	}
	if s.Deleted {
		r.DeletedAt = &r.UpdatedAt
	}
	r.setProgress(o)
	r.setMoney(o)
	r.setDocuments(o)
	return r
}

func (r *orderRow) setProgress(o *v1alpha1.ZMAOrder) {
	conditions := o.Status.Conditions
	if ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady); ready != nil {
		r.Ready, r.StatusReason = ready.Status == metav1.ConditionTrue, ready.Reason
	}
	r.Stalled = meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled)
	if s := o.Status.Submission; s != nil {
		r.Attempt, r.RequestID = s.Attempt, s.RequestID
	}
	if p := o.Status.Placement; p != nil && p.PlacedAt != nil {
		r.PlacedAt = utc(p.PlacedAt.Time)
	}
	delivered := meta.FindStatusCondition(conditions, v1alpha1.ConditionDelivered)
	if delivered != nil && delivered.Status == metav1.ConditionTrue {
		r.DeliveredAt = utc(delivered.LastTransitionTime.Time)
	}
}

// setMoney prefers what was sent to the provider over what was asked for.
func (r *orderRow) setMoney(o *v1alpha1.ZMAOrder) {
	r.MaxPriceCents = o.Spec.MaxPriceCents
	if s := o.Status.Submission; s != nil {
		r.MaxPriceCents = &s.MaxPriceCents
	}
	if c := o.Status.Cost; c != nil && c.Actual != nil {
		r.ActualTotalCents = &c.Actual.TotalCents
	}
}

func newItemRows(items []v1alpha1.OrderItem) []itemRow {
	rows := make([]itemRow, 0, len(items))
	for i, item := range items {
		rows = append(rows, itemRow{
			LineNumber: i + 1, ProductID: item.ProductID, Quantity: item.Quantity, UnitPriceCents: item.UnitPriceCents,
			Title: item.Title, Category: item.Category, Variants: append([]v1alpha1.Variant{}, item.Variants...),
		})
	}
	return rows
}

// byteaText is the form in which jsonb carries bytes to a bytea column.
func byteaText(b []byte) *string {
	if b == nil {
		return nil
	}
	s := `\x` + hex.EncodeToString(b)
	return &s
}

func utc(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}
