package v1alpha1_test

import (
	"testing"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestAnOrderKeepsItsIdentity tries to make a stored order another one: what is
// bought once is told by its source, so neither side of it may appear, vanish or
// change.
func TestAnOrderKeepsItsIdentity(t *testing.T) {
	source := func(id string) map[string]any { return map[string]any{"name": "web", "externalID": id} }
	for name, c := range map[string]struct {
		id     string
		before any
		path   string
		after  any
	}{
		"a source can't be removed":           {"k1", source("k1"), "spec.source", nil},
		"a source can't be added":             {"k2", nil, "spec.source", source("k2")},
		"an external ID can't be changed":     {"k3", source("k3"), "spec.source.externalID", "k4"},
		"the name of a source can't change":   {"k5", source("k5"), "spec.source.name", "shop"},
		"a source can't be replaced by a new": {"k6", source("k6"), "spec.source", map[string]any{"name": "shop", "externalID": "k7"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := object(t, "ZMAOrder", map[string]any{"metadata.name": v1alpha1.OrderNameFor("web", c.id), "spec.source": c.before})
			try(t, o, "")
			set(t, o.Object, c.path, c.after)
			judge(t, server.Update(t.Context(), o), "source can't be changed")
		})
	}
}

func TestTheNameOfAnOrderWithASourceHasTheDerivedForm(t *testing.T) {
	for name, c := range map[string]struct{ name, message string }{
		"the derived name":       {v1alpha1.OrderNameFor("web", "n1"), ""},
		"no prefix":              {"nln42qg3h5g2zslwly6tqgzbvv", "name derived"},
		"too short":              {"zo-nln42qg3h5g2zslwly6tqgzbv", "name derived"},
		"too long":               {"zo-nln42qg3h5g2zslwly6tqgzbvvv", "name derived"},
		"not of the alphabet":    {"zo-0ln42qg3h5g2zslwly6tqgzbvv", "name derived"},
		"more before the prefix": {"xzo-nln42qg3h5g2zslwly6tqgzbvv", "name derived"},
	} {
		t.Run(name, func(t *testing.T) {
			try(t, object(t, "ZMAOrder", map[string]any{
				"metadata.name": c.name, "spec.source": map[string]any{"name": "web", "externalID": "n1"},
			}), c.message)
		})
	}
}

// TestCancelIsOneWayHoweverItIsTakenBack leaves the field out as well, which the
// default turns into false.
func TestCancelIsOneWayHoweverItIsTakenBack(t *testing.T) {
	o := object(t, "ZMAOrder", map[string]any{"spec.cancel": true})
	try(t, o, "")
	for _, back := range []any{false, nil} {
		undone := o.DeepCopy()
		set(t, undone.Object, "spec.cancel", back)
		judge(t, server.Update(t.Context(), undone), "cancel can't be taken back")
	}
}

// TestTheAddressIsOpenAgainAfterProofOfFailure follows one order through a refused
// attempt.
func TestTheAddressIsOpenAgainAfterProofOfFailure(t *testing.T) {
	o := object(t, "ZMAOrder", nil)
	try(t, o, "")
	for i, c := range []struct {
		state   v1alpha1.SubmissionState
		message string
	}{
		{v1alpha1.SubmissionIntended, "shippingAddress can't be changed"},
		{v1alpha1.SubmissionUnknown, "shippingAddress can't be changed"},
		{v1alpha1.SubmissionRejected, ""},
		{v1alpha1.SubmissionAccepted, "shippingAddress can't be changed"},
	} {
		set(t, o.Object, "status", status(t, c.state))
		judge(t, server.Status().Update(t.Context(), o), "")
		edited := o.DeepCopy()
		set(t, edited.Object, "spec.shippingAddress.city", []string{"Salem", "Bend", "Eugene", "Medford"}[i])
		judge(t, server.Update(t.Context(), edited), c.message)
		if c.message == "" {
			o = edited
		}
	}
}
