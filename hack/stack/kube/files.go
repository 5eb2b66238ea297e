package kube

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// files that the servers share.
type files struct {
	tokens, serviceAccountKey, certificates, kubeconfig string
	token                                               string
}

// writeFiles makes an administrator's token and a signing key, new for each
// cluster.
func (c *Cluster) writeFiles() error {
	c.files = files{
		tokens:            filepath.Join(c.dir, "tokens.csv"),
		serviceAccountKey: filepath.Join(c.dir, "service-account.key"),
		certificates:      filepath.Join(c.dir, "certificates"),
		kubeconfig:        filepath.Join(c.dir, "kubeconfig"),
		token:             rand.Text(),
	}
	if err := os.WriteFile(c.files.tokens, []byte(c.files.token+",admin,admin,system:masters\n"), 0o600); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("make the service account key: %w", err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return os.WriteFile(c.files.serviceAccountKey, pem.EncodeToMemory(block), 0o600)
}

// restConfig trusts the certificate that the API server has made for itself.
func (c *Cluster) restConfig() (*rest.Config, error) {
	certificate, err := os.ReadFile(filepath.Join(c.files.certificates, "apiserver.crt"))
	if err != nil {
		return nil, err
	}
	cfg := &rest.Config{
		Host:            fmt.Sprintf("https://127.0.0.1:%d", c.ports.apiServer),
		BearerToken:     c.files.token,
		TLSClientConfig: rest.TLSClientConfig{CAData: certificate},
		QPS:             -1,
	}
	return cfg, writeKubeconfig(c.files.kubeconfig, cfg)
}

func writeKubeconfig(path string, cfg *rest.Config) error {
	k := clientcmdapi.NewConfig()
	k.Clusters["zma"] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: cfg.CAData}
	k.AuthInfos["zma"] = &clientcmdapi.AuthInfo{Token: cfg.BearerToken}
	k.Contexts["zma"] = &clientcmdapi.Context{Cluster: "zma", AuthInfo: "zma"}
	k.CurrentContext = "zma"
	return clientcmd.WriteToFile(*k, path)
}
