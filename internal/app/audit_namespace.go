package app

import (
	"os"
	"strings"
)

// namespaceFile is where Kubernetes tells a pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// auditNamespace is where the head of the audit chain is kept: beside the lease.
// Outside of a cluster there is none, and it is not kept.
func auditNamespace(lease string) string {
	if lease != "" {
		return lease
	}
	raw, err := os.ReadFile(namespaceFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
