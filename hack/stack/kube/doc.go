// Package kube builds and runs a real Kubernetes API server for tests and the
// demo: kube-apiserver and etcd, and on request kube-controller-manager, at the
// versions that hack/kube pins.
package kube
