// Command kubectl-zma is a kubectl plugin: on the PATH under this name, it is
// called as kubectl zma.
package main

import (
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/zma-operator/zma-operator/internal/plugin"
)

// version is set by the linker.
var version = "dev"

func main() {
	env := plugin.Environment{Version: version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if err := plugin.Root(env).ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
