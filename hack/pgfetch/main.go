// Command pgfetch downloads PostgreSQL's binaries into the cache folder and
// prints where they are.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	embedded "github.com/fergusstrange/embedded-postgres"
)

func main() {
	dir, err := fetch()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgfetch:", err)
		os.Exit(1)
	}
	fmt.Println(dir)
}

// fetch starts a server once, which unpacks the binaries, and stops it again.
func fetch() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	root := filepath.Join(base, "zma-operator", "postgres", string(embedded.V15))
	bin := filepath.Join(root, "bin")
	if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
		return bin, nil
	}
	runtime, err := os.MkdirTemp("", "zma-pgfetch-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(runtime) }() // a temporary folder; the system clears what is left
	server := embedded.NewDatabase(embedded.DefaultConfig().Version(embedded.V15).BinariesPath(root).RuntimePath(runtime).Port(0).Logger(os.Stderr))
	startErr := server.Start()
	if startErr == nil {
		if err := server.Stop(); err != nil {
			return "", err
		}
	}
	// As root the start fails, and what was unpacked is good all the same.
	if _, err := os.Stat(filepath.Join(bin, "postgres")); err != nil {
		return "", startErr
	}
	return bin, nil
}
