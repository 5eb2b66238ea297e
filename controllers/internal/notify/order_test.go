package notify

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// placedOrder is an order that a confirmation is due for; change edits it.
func placedOrder(change ...func(*v1alpha1.ZMAOrder)) *v1alpha1.ZMAOrder {
	at := metav1.NewTime(time.Date(2026, 11, 24, 23, 30, 0, 0, time.FixedZone("", -5*3600)))
	o := &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "zo-abc"},
		Spec: v1alpha1.ZMAOrderSpec{
			Source: &v1alpha1.OrderSource{Name: "store", ExternalID: "1001"},
			Items: []v1alpha1.OrderItem{
				{ProductID: "B000000001", Quantity: 2, Title: "Tea & biscuits"},
				{ProductID: "B000000002", Quantity: 1},
			},
			ShippingAddress: v1alpha1.Address{FirstName: "Ada", LastName: "Byron", Line1: "1 Main Street",
				City: "Springfield", State: "IL", PostalCode: "62701", Country: "US", Phone: "+12175550100"},
			Customer: v1alpha1.Customer{ID: "c1", Email: "ada@example.com"},
			Total:    v1alpha1.Money{Currency: "USD", AmountCents: 1205},
		},
		Status: v1alpha1.ZMAOrderStatus{
			Cost: &v1alpha1.Cost{MaxPriceCents: 7777, Actual: &v1alpha1.ActualCost{TotalCents: 8888}},
			Placement: &v1alpha1.Placement{MerchantOrderIDs: []string{"111-2223333-4445555"},
				DeliveryDates: []string{"Friday, November 27"}, PlacedAt: &at},
		},
	}
	for _, f := range change {
		f(o)
	}
	return o
}

func policyOfShop(change ...func(*v1alpha1.NotificationPolicy)) *v1alpha1.NotificationPolicy {
	p := &v1alpha1.NotificationPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "mails"},
		Spec: v1alpha1.NotificationPolicySpec{
			SMTP:          v1alpha1.SMTPServer{Host: "127.0.0.1", Port: 25},
			Sender:        "The Shop <orders@shop.test>",
			CustomerMails: []v1alpha1.CustomerMail{v1alpha1.MailConfirmation},
		},
	}
	for _, f := range change {
		f(p)
	}
	return p
}
