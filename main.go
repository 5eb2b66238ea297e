// Command zma-operator turns webhooks into orders placed with the ZMA API, once
// each, and carries every order to its end.
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/zma-operator/zma-operator/internal/app"
)

// version is set by the linker.
var version = "dev"

func main() {
	env := app.Environment{
		Version: version, Now: time.Now, Roll: rand.Float64,
		DatabaseURL: os.Getenv("DATABASE_URL"), Out: os.Stdout, Log: os.Stderr,
	}
	if err := root(env).ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, "zma-operator:", err)
		os.Exit(1)
	}
}

func root(env app.Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "zma-operator",
		Short:         "Places orders with the ZMA API, once each",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddCommand(
		run(env, "all", "Run webhook endpoint and controllers in one process", app.All),
		run(env, "controller", "Run the controllers", app.Controller),
		run(env, "webhook", "Run the webhook endpoint", app.Webhook),
		&cobra.Command{
			Use: "migrate", Short: "Bring the Postgres schema to this version", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return app.Migrate(c.Context(), env) },
		},
		&cobra.Command{
			Use: "version", Short: "Print the version", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return app.PrintVersion(env) },
		},
	)
	return cmd
}

func run(env app.Environment, use, short string, role app.Role) *cobra.Command {
	var o app.Options
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return app.Run(c.Context(), env, role, o) },
	}
	o.Bind(cmd.Flags())
	return cmd
}
