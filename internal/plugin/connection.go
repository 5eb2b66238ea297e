package plugin

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// patience with one request to the API server, unless --request-timeout says
// otherwise.
const patience = 30 * time.Second

// connection leads to the cluster that kubectl would use.
type connection struct {
	rules     *clientcmd.ClientConfigLoadingRules
	overrides *clientcmd.ConfigOverrides
}

// bind adds those of kubectl's flags that choose a cluster, a user and a
// namespace. Credentials are not among them: they belong in a kubeconfig.
func (c *connection) bind(flags *pflag.FlagSet) {
	c.rules = clientcmd.NewDefaultClientConfigLoadingRules()
	c.overrides = &clientcmd.ConfigOverrides{}
	flags.StringVar(&c.rules.ExplicitPath, clientcmd.RecommendedConfigPathFlag, "", "Path to the kubeconfig file")
	all := clientcmd.RecommendedConfigOverrideFlags("")
	all.Timeout.Default, all.Timeout.Description = patience.String(), "How long to wait for one answer of the API server, such as 5s or 2m"
	clientcmd.BindOverrideFlags(c.overrides, flags, clientcmd.ConfigOverrideFlags{
		AuthOverrideFlags: clientcmd.AuthOverrideFlags{
			Impersonate:       all.AuthOverrideFlags.Impersonate,
			ImpersonateUID:    all.AuthOverrideFlags.ImpersonateUID,
			ImpersonateGroups: all.AuthOverrideFlags.ImpersonateGroups,
		},
		ContextOverrideFlags: all.ContextOverrideFlags,
		CurrentContext:       all.CurrentContext,
		Timeout:              all.Timeout,
	})
}

func (c *connection) kubeconfig() clientcmd.ClientConfig {
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(c.rules, c.overrides)
}

// namespace is that of the flag or the context, else "default", without a
// kubeconfig too. asked tells whether it is the flag's.
func (c *connection) namespace() (name string, asked bool, err error) {
	name, asked, err = c.kubeconfig().Namespace()
	switch {
	case clientcmd.IsEmptyConfig(err):
		name = c.overrides.Context.Namespace
		return cmp.Or(name, metav1.NamespaceDefault), name != "", nil
	case err != nil:
		return "", false, fmt.Errorf("read kubeconfig: %w", err)
	}
	return name, asked, nil
}

// client talks to the API server; its warnings go to notes.
func (c *connection) client(notes io.Writer) (client.Client, error) {
	cfg, err := c.kubeconfig().ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = patience
	}
	cfg.UserAgent = "kubectl-zma"
	cfg.WarningHandler = rest.NewWarningWriter(notes, rest.WarningWriterOptions{Deduplicate: true})
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	api, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("reach the API server: %w", err)
	}
	return api, nil
}
