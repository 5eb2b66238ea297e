package chaos

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
)

// line is a status in a few words.
func line(o *v1alpha1.ZMAOrder) string {
	s := readyReason(o)
	if s == "" {
		s = "(no status)"
	}
	if sub := o.Status.Submission; sub != nil {
		s += fmt.Sprintf(" attempt %d %s", sub.Attempt, sub.State)
		if sub.ErrorCode != "" {
			s += " " + sub.ErrorCode
		}
	}
	if !o.DeletionTimestamp.IsZero() {
		s += " (deleted)"
	}
	return s
}

func step(o *v1alpha1.ZMAOrder) oracle.Step {
	s := oracle.Step{UID: string(o.UID), Reason: readyReason(o)}
	for typ, into := range map[string]*string{v1alpha1.ConditionPlaced: &s.Placed, v1alpha1.ConditionDelivered: &s.Delivered} {
		if c := meta.FindStatusCondition(o.Status.Conditions, typ); c != nil {
			*into = string(c.Status)
		}
	}
	if o.Status.Submission != nil {
		s.Attempt = o.Status.Submission.Attempt
	}
	s.Empty = len(o.Status.Conditions) == 0 && o.Status.ObservedGeneration < 0
	return s
}

func readyReason(o *v1alpha1.ZMAOrder) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

func externalID(o *v1alpha1.ZMAOrder) string {
	if o.Spec.Source != nil {
		return o.Spec.Source.ExternalID
	}
	return o.Name
}

func conditions(o *v1alpha1.ZMAOrder) string {
	var out []string
	for _, c := range o.Status.Conditions {
		out = append(out, fmt.Sprintf("%s=%s %s (%s)", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(out, "; ")
}
