package v1alpha1_test

import (
	"encoding/json"
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestOrderRules tries each rule of a ZMAOrder with a value that it takes and one
// that it refuses.
func TestOrderRules(t *testing.T) {
	type changes = map[string]any
	for name, c := range map[string]struct {
		accepted, refused changes
		message           string
	}{
		"accountRef is needed":            {changes{}, changes{"spec.accountRef": nil}, "spec.accountRef"},
		"accountRef has a name":           {changes{"spec.accountRef.name": "x"}, changes{"spec.accountRef.name": ""}, "spec.accountRef.name"},
		"accountRef is bounded":           {changes{"spec.accountRef.name": long(252)}, changes{"spec.accountRef.name": long(253)}, "253"},
		"items are needed":                {changes{}, changes{"spec.items": []any{}}, "at least 1"},
		"items are at most 50":            {changes{"spec.items": many(50, map[string]any{"productID": "B0EXAMPLE1", "quantity": int64(1)})}, changes{"spec.items": many(51, map[string]any{"productID": "B0EXAMPLE1", "quantity": int64(1)})}, "at most 50"},
		"productID has a form":            {changes{"spec.items.0.productID": "a-b_c.d"}, changes{"spec.items.0.productID": "a b"}, "productID"},
		"productID is bounded":            {changes{"spec.items.0.productID": long(63)}, changes{"spec.items.0.productID": long(64)}, "64"},
		"quantity is at least one":        {changes{"spec.items.0.quantity": int64(1)}, changes{"spec.items.0.quantity": int64(0)}, "greater than or equal to 1"},
		"quantity is at most 100":         {changes{"spec.items.0.quantity": int64(100)}, changes{"spec.items.0.quantity": int64(101)}, "less than or equal to 100"},
		"prices are not negative":         {changes{"spec.items.0.unitPriceCents": int64(0)}, changes{"spec.items.0.unitPriceCents": int64(-1)}, "greater than or equal to 0"},
		"prices are whole cents":          {changes{"spec.items.0.unitPriceCents": int64(1099)}, changes{"spec.items.0.unitPriceCents": 10.99}, "integer"},
		"prices are bounded":              {changes{"spec.items.0.unitPriceCents": int64(100000000)}, changes{"spec.items.0.unitPriceCents": int64(100000001)}, "100000000"},
		"variants differ by dimension":    {changes{"spec.items.0.variants": []any{map[string]any{"dimension": "a", "value": "x"}, map[string]any{"dimension": "b", "value": "x"}}}, changes{"spec.items.0.variants": []any{map[string]any{"dimension": "a", "value": "x"}, map[string]any{"dimension": "a", "value": "y"}}}, "Duplicate"},
		"titles are bounded":              {changes{"spec.items.0.title": long(299)}, changes{"spec.items.0.title": long(300)}, "300"},
		"categories are bounded":          {changes{"spec.items.0.category": long(99)}, changes{"spec.items.0.category": long(100)}, "100"},
		"the address is needed":           {changes{}, changes{"spec.shippingAddress": nil}, "spec.shippingAddress"},
		"a first name is needed":          {changes{"spec.shippingAddress.firstName": "A"}, changes{"spec.shippingAddress.firstName": ""}, "firstName"},
		"a last name is needed":           {changes{"spec.shippingAddress.lastName": "A"}, changes{"spec.shippingAddress.lastName": nil}, "lastName"},
		"a street is needed":              {changes{"spec.shippingAddress.line1": "A"}, changes{"spec.shippingAddress.line1": ""}, "line1"},
		"the second line is bounded":      {changes{"spec.shippingAddress.line2": long(199)}, changes{"spec.shippingAddress.line2": long(200)}, "200"},
		"a city is needed":                {changes{"spec.shippingAddress.city": "A"}, changes{"spec.shippingAddress.city": ""}, "city"},
		"a state may be missing":          {changes{"spec.shippingAddress.state": nil}, changes{"spec.shippingAddress.state": long(100)}, "100"},
		"a postal code is needed":         {changes{"spec.shippingAddress.postalCode": "1"}, changes{"spec.shippingAddress.postalCode": ""}, "postalCode"},
		"the country is two letters":      {changes{"spec.shippingAddress.country": "CA"}, changes{"spec.shippingAddress.country": "USA"}, "country"},
		"a phone is needed":               {changes{"spec.shippingAddress.phone": "1"}, changes{"spec.shippingAddress.phone": nil}, "phone"},
		"a first name can be read":        {changes{"spec.shippingAddress.firstName": "\u00c9"}, changes{"spec.shippingAddress.firstName": " "}, "firstName"},
		"a last name can be read":         {changes{"spec.shippingAddress.lastName": "O\u2019"}, changes{"spec.shippingAddress.lastName": "."}, "lastName"},
		"a street can be read":            {changes{"spec.shippingAddress.line1": "\u4e00"}, changes{"spec.shippingAddress.line1": "\u200b"}, "line1"},
		"a street is no filler":           {changes{"spec.shippingAddress.line1": "7"}, changes{"spec.shippingAddress.line1": "\u3164"}, "line1"},
		"a city can be read":              {changes{"spec.shippingAddress.city": "\u00c5"}, changes{"spec.shippingAddress.city": "\u00a0"}, "city"},
		"a postal code can be seen":       {changes{"spec.shippingAddress.postalCode": "-"}, changes{"spec.shippingAddress.postalCode": "\u200b \u00a0"}, "postalCode"},
		"a phone can be read":             {changes{"spec.shippingAddress.phone": "+1"}, changes{"spec.shippingAddress.phone": "--"}, "phone"},
		"a mail address has an at sign":   {changes{"spec.shippingAddress.email": "a@b"}, changes{"spec.shippingAddress.email": "ab"}, "email"},
		"the customer has an ID":          {changes{"spec.customer.id": "x"}, changes{"spec.customer.id": ""}, "customer.id"},
		"the customer's mail has a form":  {changes{"spec.customer.email": nil}, changes{"spec.customer.email": "x y@z"}, "customer.email"},
		"the currency is an ISO code":     {changes{"spec.total.currency": "EUR"}, changes{"spec.total.currency": "eur"}, "currency"},
		"the total is not negative":       {changes{"spec.total.amountCents": int64(0)}, changes{"spec.total.amountCents": int64(-1)}, "amountCents"},
		"a gift's message is bounded":     {changes{"spec.gift.message": long(239)}, changes{"spec.gift.message": long(240)}, "240"},
		"recipientOfGift needs gift":      {changes{"spec.gift": nil, "spec.recipientOfGift": nil}, changes{"spec.gift": nil}, "recipientOfGift needs gift"},
		"a payment needs its reference":   {changes{}, changes{"spec.payment.reference": nil}, "payment needs reference"},
		"a payment needs its amount":      {changes{}, changes{"spec.payment.amountCents": nil}, "payment needs reference"},
		"no payment takes no reference":   {changes{"spec.payment": map[string]any{"provider": "none"}}, changes{"spec.payment": map[string]any{"provider": "none", "reference": "pi_1"}}, "takes no reference"},
		"payment providers are known":     {changes{}, changes{"spec.payment.provider": "cash"}, "Unsupported value"},
		"a reference has a form":          {changes{"spec.payment.reference": "pi_2"}, changes{"spec.payment.reference": "pi 2"}, "reference"},
		"shipping is one of two":          {changes{"spec.shipping": map[string]any{"method": "fastest"}}, changes{"spec.shipping.method": "fastest"}, "either method or orderBy"},
		"shipping limits need an order":   {changes{}, changes{"spec.shipping": map[string]any{"method": "free", "maxDays": int64(2)}}, "need orderBy"},
		"shipping methods are known":      {changes{"spec.shipping": map[string]any{"method": "amazon_day"}}, changes{"spec.shipping": map[string]any{"method": "drone"}}, "Unsupported value"},
		"shipping orders are known":       {changes{"spec.shipping.orderBy": "speed"}, changes{"spec.shipping.orderBy": "luck"}, "Unsupported value"},
		"shipping days are bounded":       {changes{"spec.shipping.maxDays": int64(60)}, changes{"spec.shipping.maxDays": int64(61)}, "60"},
		"notBefore is a time":             {changes{"spec.notBefore": "2027-01-01T00:00:00Z"}, changes{"spec.notBefore": "tomorrow"}, "notBefore"},
		"a maximum price is positive":     {changes{"spec.maxPriceCents": int64(1)}, changes{"spec.maxPriceCents": int64(0)}, "maxPriceCents"},
		"a retailer has a form":           {changes{"spec.retailer": "amazon_uk"}, changes{"spec.retailer": "Amazon UK"}, "retailer"},
		"a shard has a form":              {changes{"spec.shard": "b-1"}, changes{"spec.shard": "B"}, "shard"},
		"a source demands a derived name": {changes{"spec.source": map[string]any{"name": "web", "externalID": "1"}, "metadata.name": v1alpha1.OrderNameFor("web", "1")}, changes{"spec.source": map[string]any{"name": "web", "externalID": "1"}}, "name derived"},
		"manual is no source's name":      {changes{}, changes{"spec.source": map[string]any{"name": "manual", "externalID": "1"}, "metadata.name": v1alpha1.OrderNameFor("manual", "1")}, "kept for orders made by hand"},
		"an external ID is printable":     {changes{"spec.source": map[string]any{"name": "web", "externalID": "a/b:c~!"}, "metadata.name": v1alpha1.OrderNameFor("web", "a/b:c~!")}, changes{"spec.source": map[string]any{"name": "web", "externalID": "a b"}, "metadata.name": v1alpha1.OrderNameFor("web", "a b")}, "externalID"},
	} {
		t.Run(name, func(t *testing.T) {
			try(t, object(t, "ZMAOrder", c.accepted), "")
			try(t, object(t, "ZMAOrder", c.refused), c.message)
		})
	}
}

// TestOrderSpecIsImmutable changes, removes and adds each field of a stored order.
func TestOrderSpecIsImmutable(t *testing.T) {
	for field, other := range map[string]any{
		"accountRef": map[string]any{"name": "other"}, "policyRef": map[string]any{"name": "other"}, "shard": "b",
		"retailer": "walmart", "items": []any{map[string]any{"productID": "B0EXAMPLE2", "quantity": int64(1)}},
		"recipientOfGift": false, "gift": map[string]any{"message": "other"}, "customer": map[string]any{"id": "c2"},
		"total": map[string]any{"currency": "USD", "amountCents": int64(2)}, "payment": map[string]any{"provider": "none"},
		"shipping": map[string]any{"method": "free"}, "notBefore": "2027-01-01T00:00:00Z", "maxPriceCents": int64(1),
	} {
		t.Run(field+" can't be changed", func(t *testing.T) {
			o := object(t, "ZMAOrder", nil)
			try(t, o, "")
			set(t, o.Object, "spec."+field, other)
			judge(t, server.Update(t.Context(), o), field+" can't be changed")
		})
	}
	for _, field := range []string{"policyRef", "shard", "recipientOfGift", "gift", "notBefore", "maxPriceCents"} {
		changes := map[string]any{"spec." + field: nil}
		if field == "gift" {
			changes["spec.recipientOfGift"] = nil
		}
		t.Run(field+" can't be removed", func(t *testing.T) {
			o := object(t, "ZMAOrder", nil)
			try(t, o, "")
			for path := range changes {
				set(t, o.Object, path, nil)
			}
			judge(t, server.Update(t.Context(), o), field+" can't be changed")
		})
		t.Run(field+" can't be added", func(t *testing.T) {
			o := object(t, "ZMAOrder", changes)
			try(t, o, "")
			full := object(t, "ZMAOrder", nil)
			set(t, o.Object, "spec."+field, full.Object["spec"].(map[string]any)[field])
			judge(t, server.Update(t.Context(), o), field+" can't be changed")
		})
	}
	t.Run("source can't be changed", func(t *testing.T) {
		o := object(t, "ZMAOrder", map[string]any{"spec.source": map[string]any{"name": "web", "externalID": "7"}, "metadata.name": v1alpha1.OrderNameFor("web", "7")})
		try(t, o, "")
		set(t, o.Object, "spec.source.externalID", "8")
		judge(t, server.Update(t.Context(), o), "source can't be changed")
	})
	t.Run("suspend can be changed both ways", func(t *testing.T) {
		o := object(t, "ZMAOrder", nil)
		try(t, o, "")
		for _, on := range []bool{true, false} {
			set(t, o.Object, "spec.suspend", on)
			judge(t, server.Update(t.Context(), o), "")
		}
	})
	t.Run("cancel can't be taken back", func(t *testing.T) {
		o := object(t, "ZMAOrder", nil)
		try(t, o, "")
		set(t, o.Object, "spec.cancel", true)
		judge(t, server.Update(t.Context(), o), "")
		set(t, o.Object, "spec.cancel", false)
		judge(t, server.Update(t.Context(), o), "cancel can't be taken back")
	})
}

// TestAddressCanBeCorrectedUnlessItMayHaveBeenSent walks through the states of a
// submission.
func TestAddressCanBeCorrectedUnlessItMayHaveBeenSent(t *testing.T) {
	const message = "shippingAddress can't be changed while"
	for state, refused := range map[v1alpha1.SubmissionState]bool{
		"": false, v1alpha1.SubmissionRejected: false, v1alpha1.SubmissionNotSent: false,
		v1alpha1.SubmissionIntended: true, v1alpha1.SubmissionUnknown: true, v1alpha1.SubmissionAccepted: true,
	} {
		t.Run("state "+string(state), func(t *testing.T) {
			o := object(t, "ZMAOrder", nil)
			try(t, o, "")
			if state != "" {
				set(t, o.Object, "status", status(t, state))
				judge(t, server.Status().Update(t.Context(), o), "")
			}
			set(t, o.Object, "spec.shippingAddress.line1", "2 Main St")
			if refused {
				judge(t, server.Update(t.Context(), o), message)
			} else {
				judge(t, server.Update(t.Context(), o), "")
			}
		})
	}
}

// status with a submission in a state, as the controller writes it.
func status(t *testing.T, state v1alpha1.SubmissionState) map[string]any {
	t.Helper()
	raw, err := json.Marshal(v1alpha1.ZMAOrderStatus{ObservedGeneration: 1, Submission: &v1alpha1.Submission{
		Attempt: 1, IdempotencyKey: "71399250-635b-57b6-9eee-5e342997876c", State: state, ProviderAccountID: "a", Sends: 1, MaxPriceCents: 1,
		ShippingAddress: v1alpha1.Address{FirstName: "A", LastName: "B", Line1: "1", City: "C", PostalCode: "1", Country: "US", Phone: "1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	set(t, out, "submission.intentAt", "2026-01-01T00:00:00Z")
	set(t, out, "submission.reservedAt", "2026-01-01T00:00:00Z")
	return out
}
