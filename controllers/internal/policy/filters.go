package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// asin is what a product ID of the retailer amazon looks like.
var asin = regexp.MustCompile(`^[A-Z0-9]{10}$`)

// BuiltIn finds what no order can be bought with, whatever its policy.
func BuiltIn(o *v1alpha1.ZMAOrder) []Finding {
	var out []Finding
	for i, item := range o.Spec.Items {
		if strings.HasPrefix(o.Spec.Retailer, "amazon") && !asin.MatchString(item.ProductID) {
			out = append(out, Finding{Rule: "product-id", Action: v1alpha1.PolicyDeny, Message: fmt.Sprintf("items[%d].productID is not ten characters of A-Z and 0-9", i)})
		}
	}
	return out
}

func (c *Compiled) items(o *v1alpha1.ZMAOrder) []Finding {
	if c.spec.Items == nil {
		return nil
	}
	var out []Finding
	for i, item := range o.Spec.Items {
		if re := c.patterns[o.Spec.Retailer]; re != nil && !re.MatchString(item.ProductID) {
			out = append(out, Finding{Rule: "items", Action: v1alpha1.PolicyDeny, Message: fmt.Sprintf("items[%d].productID does not match the retailer's pattern", i)})
		}
		unsupported := func(category string) bool { return strings.EqualFold(category, item.Category) }
		if slices.ContainsFunc(c.spec.Items.UnsupportedCategories, unsupported) {
			out = append(out, Finding{Rule: "items", Action: v1alpha1.PolicyDeny, Message: fmt.Sprintf("items[%d] is of a category that is not supported", i)})
		}
	}
	return out
}

func (c *Compiled) velocity(in Input) []Finding {
	v := c.spec.Velocity
	if v == nil {
		return nil
	}
	if !in.HistoryKnown {
		return []Finding{{Rule: "velocity", Action: v1alpha1.PolicyReview, Message: "the customer's history is not known"}}
	}
	var out []Finding
	for _, l := range []struct {
		limit *int32
		seen  int64
		span  string
	}{{v.OrdersPerHour, in.History.OrdersLastHour, "hour"}, {v.OrdersPerDay, in.History.OrdersLastDay, "day"}} {
		if l.limit != nil && l.seen >= int64(*l.limit) {
			out = append(out, Finding{Rule: "velocity", Action: v1alpha1.PolicyReview, Message: fmt.Sprintf("the customer has ordered %d times within the last %s", l.seen, l.span)})
		}
	}
	return out
}

func (c *Compiled) duplicates(in Input) []Finding {
	d := c.spec.Duplicates
	if d == nil {
		return nil
	}
	if !in.HistoryKnown {
		return []Finding{{Rule: "duplicates", Action: v1alpha1.PolicyReview, Message: "the customer's history is not known"}}
	}
	if in.History.DuplicateOf == "" {
		return nil
	}
	action := d.Action
	if action == "" {
		action = v1alpha1.PolicyReview
	}
	return []Finding{{Rule: "duplicates", Action: action, Message: "it repeats the items, address and total of order " + in.History.DuplicateOf}}
}

func (c *Compiled) approval(o *v1alpha1.ZMAOrder) []Finding {
	if a := c.spec.Approval; a != nil && o.Spec.Total.AmountCents > a.AboveCents {
		return []Finding{{Rule: "approval", Action: v1alpha1.PolicyReview, Message: "the total needs a person's approval"}}
	}
	return nil
}

// NeedsHistory tells whether the policy looks at the customer's history, which
// costs a query.
func (c *Compiled) NeedsHistory() bool {
	return c.spec.Velocity != nil || c.spec.Duplicates != nil ||
		slices.ContainsFunc(c.rules, func(r compiledRule) bool { return usesHistory(r.Expression) })
}

// usesHistory tells whether an expression looks at the customer's history.
func usesHistory(expression string) bool {
	for _, field := range []string{"ordersLastHour", "ordersLastDay", "spentLastDayCents"} {
		if strings.Contains(expression, field) {
			return true
		}
	}
	return false
}
