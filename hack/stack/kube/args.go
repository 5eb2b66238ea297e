package kube

import (
	"fmt"
	"path/filepath"
)

// etcdArgs keep nothing through a power cut: the data lives as long as the
// stack, and a sync per write is what makes etcd slow.
func (c *Cluster) etcdArgs() []string {
	client := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdClient)
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdPeer)
	return []string{
		"--name=zma",
		"--data-dir=" + filepath.Join(c.dir, "etcd"),
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=zma=" + peer,
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (c *Cluster) apiServerArgs() []string {
	return []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.ports.etcdClient),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.ports.apiServer),
		"--cert-dir=" + c.files.certificates,
		"--token-auth-file=" + c.files.tokens,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://zma.local",
		"--service-account-key-file=" + c.files.serviceAccountKey,
		"--service-account-signing-key-file=" + c.files.serviceAccountKey,
		"--service-cluster-ip-range=10.0.0.0/24",
		"--allow-privileged=true",
		"--endpoint-reconciler-type=none", // no other API server to find
		"--shutdown-delay-duration=0s",
	}
}

func (c *Cluster) controllerManagerArgs() []string {
	return []string{
		"--kubeconfig=" + c.files.kubeconfig,
		"--authentication-kubeconfig=" + c.files.kubeconfig, "--authorization-kubeconfig=" + c.files.kubeconfig,
		"--controllers=namespace-controller,garbage-collector-controller,serviceaccount-controller,clusterrole-aggregation-controller,root-ca-certificate-publisher-controller",
		"--service-account-private-key-file=" + c.files.serviceAccountKey,
		"--root-ca-file=" + filepath.Join(c.files.certificates, "apiserver.crt"),
		"--leader-elect=false",
		"--secure-port=0",
	}
}
