package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Violation is a promise that was broken.
type Violation struct {
	// Promise that was broken.
	Promise string
	// ExternalID of the order; empty when it is about none.
	ExternalID string
	// What is wrong.
	What string
}

// Error implements error.
func (v Violation) Error() string {
	if v.ExternalID == "" {
		return v.Promise + ": " + v.What
	}
	return v.Promise + ": " + v.ExternalID + ": " + v.What
}

// Judge names every promise that was broken.
func Judge(e Evidence) []Violation {
	b := open(e)
	b.existence()
	b.ends()
	b.truth()
	b.forms()
	b.log()
	b.limits()
	slices.SortFunc(b.found, func(a, c Violation) int {
		return cmp.Or(strings.Compare(a.Promise, c.Promise), strings.Compare(a.ExternalID, c.ExternalID))
	})
	return b.found
}

// order is all that is known of one external ID.
type order struct {
	id         string
	deliveries []Delivery
	objects    []Object
}

// valid tells whether the order has to exist.
func (o order) valid() bool {
	return slices.ContainsFunc(o.deliveries, func(d Delivery) bool { return d.Refusal == Refusal{} })
}

// books are the evidence, sorted by order.
type books struct {
	Evidence
	orders map[string]*order
	found  []Violation
}

func open(e Evidence) *books {
	b := &books{Evidence: e, orders: map[string]*order{}}
	for _, d := range e.Deliveries {
		o := b.of(d.Source, d.ExternalID)
		o.deliveries = append(o.deliveries, d)
	}
	for _, found := range e.Objects {
		o := b.of(found.Source, found.ExternalID)
		o.objects = append(o.objects, found)
	}
	return b
}

func (b *books) of(source, id string) *order {
	key := source + "/" + id
	if b.orders[key] == nil {
		b.orders[key] = &order{id: key}
	}
	return b.orders[key]
}

func (b *books) say(promise, id, format string, args ...any) {
	b.found = append(b.found, Violation{Promise: promise, ExternalID: id, What: fmt.Sprintf(format, args...)})
}
