package site

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/zma-operator/zma-operator/hack/stack"
)

// The endpoint's service account, as config/rbac makes it.
const (
	systemNamespace = "zma-system"
	serviceAccount  = "zma-webhook"
)

// tokenLife is longer than any run.
const tokenLife = 12 * time.Hour

// rights installs the manifests' roles and makes a kubeconfig with a token of the
// endpoint's service account: more than its rights, a replica does not get.
func (s *Site) rights(ctx context.Context) error {
	for _, args := range [][]string{
		{"-f", filepath.Join(stack.Root(), "config", "default", "namespace.yaml")},
		{"-k", filepath.Join(stack.Root(), "config", "rbac")},
	} {
		if err := s.apply(ctx, args...); err != nil {
			return err
		}
	}
	seconds := int64(tokenLife.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: systemNamespace, Name: serviceAccount}}
	if err := s.Client.SubResource("token").Create(ctx, account, request); err != nil {
		return fmt.Errorf("get a token of the service account: %w", err)
	}
	s.kubeconfig = filepath.Join(s.dir, "kubeconfig")
	return writeKubeconfig(s.kubeconfig, s.options.Servers.Kube.Config(), request.Status.Token)
}

func (s *Site) apply(ctx context.Context, args ...string) error {
	k := s.options.Servers.Kube
	args = append([]string{"--kubeconfig", k.KubeconfigPath(), "apply", "--server-side"}, args...)
	if out, err := exec.CommandContext(ctx, k.Kubectl(), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %v: %w\n%s", args, err, out)
	}
	return nil
}

// As is a client's configuration with the replicas' rights and token.
func (s *Site) As() (*rest.Config, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read the replicas' kubeconfig: %w", err)
	}
	cfg.QPS = -1 // as the product sets it
	return cfg, nil
}

func writeKubeconfig(path string, cfg *rest.Config, token string) error {
	k := clientcmdapi.NewConfig()
	k.Clusters["site"] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: cfg.CAData}
	k.AuthInfos["site"] = &clientcmdapi.AuthInfo{Token: token}
	k.Contexts["site"] = &clientcmdapi.Context{Cluster: "site", AuthInfo: "site"}
	k.CurrentContext = "site"
	return clientcmd.WriteToFile(*k, path)
}
