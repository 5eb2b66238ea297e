package policy

import (
	"context"
	"fmt"
	"regexp"

	"github.com/google/cel-go/cel"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/expression"
)

// Finding is one rule that matched.
type Finding struct {
	// Rule by name.
	Rule string
	// Action of the rule.
	Action v1alpha1.PolicyAction
	// Message for people, without personal data.
	Message string
}

// Decision is what a policy says of an order.
type Decision struct {
	// Action to take; empty when the order passes.
	Action v1alpha1.PolicyAction
	// Findings of all rules that matched, also of a policy that only audits.
	Findings []Finding
}

// CustomerHistory is what the ledger knows of a customer.
type CustomerHistory struct {
	// OrdersLastHour and OrdersLastDay count the customer's other orders.
	OrdersLastHour, OrdersLastDay int64
	// SpentLastDayCents of those orders, in minor units.
	SpentLastDayCents int64
	// DuplicateOf names an order with the same items, address and total; empty when
	// there is none.
	DuplicateOf string
}

// Input is what a policy looks at.
type Input struct {
	// Order under test.
	Order *v1alpha1.ZMAOrder
	// Address, normalised.
	Address v1alpha1.Address
	// Account that pays.
	Account *v1alpha1.ZMAAccount
	// MaxPriceCents is the ceiling with which the order would be sent.
	MaxPriceCents int64
	// History of the customer, when it is known.
	History CustomerHistory
	// HistoryKnown tells whether History could be read. Rules that need it then
	// count as Review: what is not known is not a pass.
	HistoryKnown bool
}

// Compiled is a policy ready to evaluate. It is safe for concurrent use.
type Compiled struct {
	spec     v1alpha1.OrderPolicySpec
	patterns map[string]*regexp.Regexp
	rules    []compiledRule
}

type compiledRule struct {
	v1alpha1.PolicyRule
	program cel.Program
}

// Compile checks a policy. The error names the rule and the place in it.
func Compile(spec v1alpha1.OrderPolicySpec) (*Compiled, error) {
	c := &Compiled{spec: spec, patterns: map[string]*regexp.Regexp{}}
	if spec.Items != nil {
		for _, p := range spec.Items.Patterns {
			// First by itself: inside the anchors "a)|(b" would compile, and escape them.
			_, err := expression.CompilePattern(p.Pattern)
			var re *regexp.Regexp
			if err == nil {
				re, err = regexp.Compile(`^(?:` + p.Pattern + `)$`)
			}
			if err != nil {
				return nil, fmt.Errorf("items.patterns for %s: %w", p.Retailer, err)
			}
			c.patterns[p.Retailer] = re
		}
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	for _, rule := range spec.Rules {
		program, err := compileRule(env, rule.Expression)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", rule.Name, err)
		}
		c.rules = append(c.rules, compiledRule{PolicyRule: rule, program: program})
	}
	return c, nil
}

// Evaluate applies every part of the policy; the strictest finding counts.
func (c *Compiled) Evaluate(ctx context.Context, in Input) (Decision, error) {
	var d Decision
	d.Findings = append(d.Findings, c.items(in.Order)...)
	d.Findings = append(d.Findings, c.velocity(in)...)
	d.Findings = append(d.Findings, c.duplicates(in)...)
	d.Findings = append(d.Findings, c.approval(in.Order)...)
	d.Findings = append(d.Findings, c.expressions(ctx, in)...)
	if c.spec.Enforcement != v1alpha1.PolicyAudit {
		d.Action = strictest(d.Findings)
	}
	return d, ctx.Err()
}

func strictest(findings []Finding) v1alpha1.PolicyAction {
	rank := map[v1alpha1.PolicyAction]int{v1alpha1.PolicyWarn: 1, v1alpha1.PolicyReview: 2, v1alpha1.PolicyDeny: 3}
	var out v1alpha1.PolicyAction
	for _, f := range findings {
		if rank[f.Action] > rank[out] {
			out = f.Action
		}
	}
	return out
}
