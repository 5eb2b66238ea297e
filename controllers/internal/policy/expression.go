package policy

import (
	"context"
	"errors"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/expression"
)

// orderView and the types below are what rules see: a copy of plain values, so that no
// rule reaches a name, a street or a mail address.
type orderView struct {
	Total           totalView   `cel:"total"`
	Retailer        string      `cel:"retailer"`
	Source          string      `cel:"source"`
	Gift            bool        `cel:"gift"`
	Items           []itemView  `cel:"items"`
	ShippingAddress addressView `cel:"shippingAddress"`
	Payment         paymentView `cel:"payment"`
	MaxPriceCents   int64       `cel:"maxPriceCents"`
}

type paymentView struct {
	Provider    string `cel:"provider"`
	AmountCents int64  `cel:"amountCents"`
}

type totalView struct {
	AmountCents int64  `cel:"amountCents"`
	Currency    string `cel:"currency"`
}

type itemView struct {
	ProductID      string `cel:"productID"`
	Quantity       int64  `cel:"quantity"`
	UnitPriceCents int64  `cel:"unitPriceCents"`
	Category       string `cel:"category"`
}

type addressView struct {
	Country    string `cel:"country"`
	State      string `cel:"state"`
	PostalCode string `cel:"postalCode"`
	City       string `cel:"city"`
}

type customerView struct {
	ID                string `cel:"id"`
	OrdersLastHour    int64  `cel:"ordersLastHour"`
	OrdersLastDay     int64  `cel:"ordersLastDay"`
	SpentLastDayCents int64  `cel:"spentLastDayCents"`
}

type accountView struct {
	Name string `cel:"name"`
}

func environment() (*cel.Env, error) {
	return cel.NewEnv(
		ext.NativeTypes(ext.ParseStructTags(true), reflect.TypeFor[orderView](), reflect.TypeFor[customerView](), reflect.TypeFor[accountView]()),
		// Not ext.Strings: its replace and join allocate before their cost is counted.
		ext.Math(), ext.Sets(),
		cel.Variable("order", cel.ObjectType("policy.orderView")),
		cel.Variable("customer", cel.ObjectType("policy.customerView")),
		cel.Variable("account", cel.ObjectType("policy.accountView")),
	)
}

func compileRule(env *cel.Env, rule string) (cel.Program, error) {
	ast, issues := env.Compile(rule)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if ast.OutputType() != cel.BoolType {
		return nil, errors.New("the expression does not yield a bool")
	}
	return expression.Program(env, ast)
}

// expressions evaluates the rules. One that can't be evaluated asks a person:
// failing open is how fraud passes.
func (c *Compiled) expressions(ctx context.Context, in Input) []Finding {
	vars := variables(in)
	var out []Finding
	for _, rule := range c.rules {
		if usesHistory(rule.Expression) && !in.HistoryKnown {
			out = append(out, Finding{Rule: rule.Name, Action: v1alpha1.PolicyReview, Message: "the customer's history is not known"})
			continue
		}
		matched, err := rule.match(ctx, vars)
		switch {
		case err != nil:
			out = append(out, Finding{Rule: rule.Name, Action: v1alpha1.PolicyReview, Message: "the rule could not be evaluated"})
		case matched:
			out = append(out, Finding{Rule: rule.Name, Action: rule.Action, Message: orElse(rule.Message, "the rule matched")})
		}
	}
	return out
}

func (r compiledRule) match(ctx context.Context, vars map[string]any) (bool, error) {
	value, err := expression.Eval(ctx, r.program, vars)
	if err != nil {
		return false, err
	}
	matched, ok := value.Value().(bool)
	if !ok {
		return false, errors.New("the expression did not yield a bool")
	}
	return matched, nil
}

func variables(in Input) map[string]any {
	spec := in.Order.Spec
	view := orderView{
		Total:    totalView{AmountCents: spec.Total.AmountCents, Currency: spec.Total.Currency},
		Retailer: spec.Retailer, Gift: spec.Gift != nil,
		Payment: paymentView{Provider: string(spec.Payment.Provider)}, MaxPriceCents: in.MaxPriceCents,
		ShippingAddress: addressView{Country: in.Address.Country, State: in.Address.State, PostalCode: in.Address.PostalCode, City: in.Address.City},
	}
	if paid := spec.Payment.AmountCents; paid != nil {
		view.Payment.AmountCents = *paid
	}
	if spec.Source != nil {
		view.Source = spec.Source.Name
	}
	for _, item := range spec.Items {
		v := itemView{ProductID: item.ProductID, Quantity: int64(item.Quantity), Category: item.Category}
		if item.UnitPriceCents != nil {
			v.UnitPriceCents = *item.UnitPriceCents
		}
		view.Items = append(view.Items, v)
	}
	return map[string]any{
		"order": view,
		"customer": customerView{
			ID: spec.Customer.ID, OrdersLastHour: in.History.OrdersLastHour,
			OrdersLastDay: in.History.OrdersLastDay, SpentLastDayCents: in.History.SpentLastDayCents,
		},
		"account": accountView{Name: accountName(in.Account)},
	}
}

func accountName(a *v1alpha1.ZMAAccount) string {
	if a == nil {
		return ""
	}
	return a.Name
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}
