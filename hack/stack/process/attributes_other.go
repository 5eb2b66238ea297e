//go:build !linux

package process

import "syscall"

// Elsewhere a server outlives a caller that is killed.
func attributes(c *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: c}
}
