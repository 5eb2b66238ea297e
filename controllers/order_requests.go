package controllers

import (
	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
)

// asked is what a person has asked for, and who that is. A request that nobody has
// stamped does not count, unless the installation allows it: anybody who may
// change the order could have written it.
func asked(o *v1alpha1.ZMAOrder, allowUnstamped bool) (value, by string, ignored bool) {
	value, by = o.Annotations[v1alpha1.AnnotationRecover], o.Annotations[v1alpha1.AnnotationRecoverBy]
	switch {
	case value == "":
		return "", "", false
	case by != "":
		return value, by, false
	case allowUnstamped:
		return value, act.Unstamped, false
	}
	return "", "", true
}
