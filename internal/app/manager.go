package app

import (
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/go-logr/logr"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// newManager makes the manager of a role. Only controllers elect a leader: the
// webhook endpoint takes orders on every replica.
func newManager(cfg *rest.Config, role Role, o Options, log logr.Logger) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	// The endpoint must not have it: its client would watch what it creates, and may
	// neither list nor watch orders.
	readYourWrites := role != Webhook
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:                  scheme,
		Logger:                  log,
		Cache:                   cache.Options{DefaultNamespaces: namespaces(o.Namespaces)},
		Client:                  client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: &readYourWrites}},
		Metrics:                 metricsOptions(o),
		HealthProbeBindAddress:  o.HealthAddr,
		LeaderElection:          o.LeaderElect && role != Webhook,
		LeaderElectionID:        "zma-operator.zma.dev",
		LeaderElectionNamespace: o.LeaderNamespace,
		LeaseDuration:           &o.LeaseDuration,
		RenewDeadline:           &o.RenewDeadline,
		RetryPeriod:             &o.RetryPeriod,
		// The lease is given up at the end of a clean drain, so that the next leader
		// need not wait for its expiry.
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &o.DrainTimeout,
	})
	if err != nil {
		return nil, err
	}
	return mgr, mgr.AddHealthzCheck("process", healthz.Ping)
}

func namespaces(names []string) map[string]cache.Config {
	if len(names) == 0 {
		return nil
	}
	out := map[string]cache.Config{}
	for _, name := range names {
		out[name] = cache.Config{}
	}
	return out
}

func metricsOptions(o Options) server.Options {
	m := server.Options{BindAddress: o.MetricsAddr, SecureServing: o.MetricsSecure}
	if o.MetricsSecure {
		m.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	return m
}
