package controllers

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// addAuditSealer adds the sealer of the audit trail.
func addAuditSealer(mgr manager.Manager, o Options) error {
	s := &AuditSealer{
		Ledger: o.Ledger, Gather: o.Ledger.AuditSecurityEvents, Seal: o.Ledger.NewAuditSealer().Seal, Metrics: o.Metrics,
		Log: mgr.GetLogger().WithName("audit"), Now: o.Now,
	}
	if o.AuditNamespace != "" {
		// The manager's client would watch ConfigMaps, which nothing else needs.
		c, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
		if err != nil {
			return fmt.Errorf("make the client of the audit anchor: %w", err)
		}
		s.Anchor = &AuditAnchor{Client: c, Namespace: o.AuditNamespace, Name: AuditAnchorName}
	}
	return mgr.Add(s)
}
