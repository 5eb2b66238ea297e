package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of all resources in this package.
var GroupVersion = schema.GroupVersion{Group: "zma.dev", Version: "v1alpha1"}

// AddToScheme registers the resources of this package with a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&ZMAOrder{}, &ZMAOrderList{},
		&ZMAAccount{}, &ZMAAccountList{},
		&OrderPolicy{}, &OrderPolicyList{},
		&WebhookSource{}, &WebhookSourceList{},
		&NotificationPolicy{}, &NotificationPolicyList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
