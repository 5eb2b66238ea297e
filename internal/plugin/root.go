// Package plugin is the kubectl plugin kubectl-zma: one file for each command, and
// what they share beside them. What a command yields goes to Out and can be piped on;
// what it has to say about it goes to Err.
package plugin

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Environment is what the process gives: nothing else reads it, but the
// kubeconfig, which is found as kubectl finds it.
type Environment struct {
	// Version of the binary.
	Version string
	// In is read for a file named "-".
	In io.Reader
	// Out takes what a command yields.
	Out io.Writer
	// Err takes notes for the person who called.
	Err io.Writer
}

// Root is the command kubectl zma with all others below it. Its errors are left
// to the caller to print.
func Root(env Environment) *cobra.Command {
	root := group("kubectl-zma", "Works with orders of the ZMA API",
		sourceCommand(env),
		versionCommand(env),
	)
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl zma"}
	root.SilenceUsage, root.SilenceErrors = true, true
	// A plugin is completed by kubectl, not by a script of its own.
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	return root
}

// group is a command that only has others below it.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

func versionCommand(env Environment) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(env.Out, env.Version)
			return err
		},
	}
}
