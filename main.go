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
		os.Exit(app.ExitStatus(err))
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
		restore(env), erase(env), mirror(env),
		audit(env),
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

func restore(env app.Environment) *cobra.Command {
	var o app.RestoreOptions
	cmd := &cobra.Command{
		Use: "restore [NAME]", Short: "Write orders back into the cluster from Postgres", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Name = args[0]
			}
			return app.Restore(c.Context(), env, o)
		},
	}
	cmd.Flags().StringVarP(&o.Namespace, "namespace", "n", "default", "namespace of the orders; all with --all-open")
	cmd.Flags().BoolVar(&o.AllOpen, "all-open", false, "every order that had neither ended nor gone")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "say what would be done")
	return cmd
}

func erase(env app.Environment) *cobra.Command {
	var o app.EraseOptions
	cmd := &cobra.Command{
		Use: "erase --customer ID", Short: "Erase the personal data of a customer from Postgres", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return app.Erase(c.Context(), env, o) },
	}
	o.Bind(cmd.Flags())
	return cmd
}

func mirror(env app.Environment) *cobra.Command {
	cmd := &cobra.Command{Use: "mirror", Short: "The copy of the orders in Postgres"}
	namespace := ""
	rebuild := &cobra.Command{
		Use: "rebuild", Short: "Mirror every order of the cluster anew", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return app.RebuildMirror(c.Context(), env, namespace) },
	}
	rebuild.Flags().StringVarP(&namespace, "namespace", "n", "all", "namespace of the orders; all for each")
	cmd.AddCommand(rebuild)
	return cmd
}

func audit(env app.Environment) *cobra.Command {
	var o app.AuditOptions
	verify := &cobra.Command{
		Use: "verify", Short: "Verify the audit trail: status 0 sound, 1 broken, 2 could not tell",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.NoArgs(c, args); err != nil {
				return app.CouldNotTell(err)
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return app.VerifyAudit(c.Context(), env, o) },
	}
	verify.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return app.CouldNotTell(err) })
	o.Bind(verify.Flags())
	verify.MarkFlagsMutuallyExclusive("head", "no-anchor")
	cmd := &cobra.Command{Use: "audit", Short: "Work with the audit trail"}
	cmd.AddCommand(verify)
	return cmd
}
