// Package v1alpha1 holds the five resources of zma.dev: ZMAOrder, ZMAAccount,
// OrderPolicy, WebhookSource and NotificationPolicy, with their condition types
// and reasons, annotation keys and the derivation of order names.
//
// Every amount is an int64 in minor units (cents) of the currency named beside
// it. The package imports apimachinery only, so that any client can use it.
//
// +kubebuilder:object:generate=true
// +groupName=zma.dev
package v1alpha1
