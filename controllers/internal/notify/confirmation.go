package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// KindConfirmation tells a customer that the retailer has placed the order.
const KindConfirmation = string(v1alpha1.MailConfirmation)

// TransitionPlaced is the change of an order that a confirmation tells of. There
// is one confirmation for each order, however often the placement is observed.
const TransitionPlaced = "placed"

// Confirmation is what a confirmation mail says. It is stored in the outbox row,
// so that the mail tells what was true when the order was placed. It holds only
// what the customer ordered and was charged: what the goods cost, limits and
// internal reasons are none of the customer's business.
type Confirmation struct {
	// OrderName is the name of the ZMAOrder.
	OrderName string `json:"orderName"`
	// ExternalID is the order's ID at the shop; empty for an order by hand.
	ExternalID string `json:"externalID,omitempty"`
	// FirstName greets the customer; empty when the parcel goes to somebody else.
	FirstName string `json:"firstName,omitempty"`
	// Items that were ordered.
	Items []Item `json:"items"`
	// Total that the customer was charged, for people to read.
	Total string `json:"total"`
	// MerchantOrderIDs at the retailer.
	MerchantOrderIDs []string `json:"merchantOrderIDs,omitempty"`
	// DeliveryDates as promised, in the provider's words.
	DeliveryDates []string `json:"deliveryDates,omitempty"`
	// ShipTo holds the lines of the address, without the phone number.
	ShipTo []string `json:"shipTo"`
	// PlacedAt is the day of the placement in UTC, for people to read.
	PlacedAt string `json:"placedAt,omitempty"`
}

// Item is one line of an order in a mail.
type Item struct {
	// Title for people to read; the product ID when there is none.
	Title string `json:"title"`
	// ProductID at the retailer.
	ProductID string `json:"productID"`
	// Quantity that was ordered.
	Quantity int32 `json:"quantity"`
}

// ConfirmationMail makes the outbox row of an order's confirmation. It is false
// when the policy does not ask for confirmations, when there is no policy, or
// when the customer left no address. It goes to spec.customer.email alone: the
// person who receives the parcel may not be meant to know. An address that no
// server would take is not judged here, because a settlement must not fail on
// it; the worker buries such a mail, with an alert.
func ConfirmationMail(o *v1alpha1.ZMAOrder, policy *v1alpha1.NotificationPolicy) (*ledger.Mail, bool, error) {
	if policy == nil || o.Spec.Customer.Email == "" ||
		!slices.Contains(policy.Spec.CustomerMails, v1alpha1.MailConfirmation) {
		return nil, false, nil
	}
	// Cleaned here too: jsonb refuses a NUL, and a name must not stop a settlement.
	data, err := json.Marshal(confirmationOf(o).cleaned())
	if err != nil {
		return nil, false, fmt.Errorf("encode the confirmation of order %s/%s: %w", o.Namespace, o.Name, err)
	}
	return &ledger.Mail{
		Identity:   v1alpha1.IdentityOf(o),
		Kind:       KindConfirmation,
		Transition: TransitionPlaced,
		Policy:     policy.Name,
		Recipient:  o.Spec.Customer.Email,
		Data:       data,
	}, true, nil
}

func confirmationOf(o *v1alpha1.ZMAOrder) Confirmation {
	c := Confirmation{
		OrderName: o.Name,
		FirstName: greeted(o),
		Items:     itemsOf(o.Spec.Items),
		Total:     amount(o.Spec.Total),
		ShipTo:    addressLines(o.Spec.ShippingAddress),
	}
	if o.Spec.Source != nil {
		c.ExternalID = o.Spec.Source.ExternalID
	}
	if p := o.Status.Placement; p != nil {
		c.MerchantOrderIDs = p.MerchantOrderIDs
		c.DeliveryDates = p.DeliveryDates
		if p.PlacedAt != nil {
			c.PlacedAt = p.PlacedAt.UTC().Format("2 January 2006")
		}
	}
	return c
}

// greeted is the customer's first name. The address of a gift names its
// recipient, who is not the reader.
func greeted(o *v1alpha1.ZMAOrder) string {
	if o.Spec.RecipientOfGift != nil && *o.Spec.RecipientOfGift {
		return ""
	}
	return o.Spec.ShippingAddress.FirstName
}

func itemsOf(items []v1alpha1.OrderItem) []Item {
	out := make([]Item, 0, len(items))
	for _, i := range items {
		title := i.Title
		if title == "" {
			title = i.ProductID
		}
		out = append(out, Item{Title: title, ProductID: i.ProductID, Quantity: i.Quantity})
	}
	return out
}

func addressLines(a v1alpha1.Address) []string {
	lines := []string{
		a.FirstName + " " + a.LastName, a.Line1, a.Line2,
		strings.Join(strings.Fields(a.City+" "+a.State+" "+a.PostalCode), " "), a.Country,
	}
	return slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
}

// sampleConfirmation has every field filled, so that a template that names a
// field which does not exist fails when the policy is checked, not when the
// first mail is due.
func sampleConfirmation() Confirmation {
	return Confirmation{
		OrderName: "zo-sample", ExternalID: "1001", FirstName: "Sam",
		Items: []Item{{Title: "Sample", ProductID: "B000000000", Quantity: 1}},
		Total: "USD 10.00", MerchantOrderIDs: []string{"111-0000000-0000000"},
		DeliveryDates: []string{time.Unix(0, 0).UTC().Format(time.DateOnly)},
		ShipTo:        []string{"Sam Sample", "1 Main Street"}, PlacedAt: "1 January 1970",
	}
}
