package plugin

import (
	"github.com/spf13/cobra"
)

func sourceCommand(env Environment) *cobra.Command {
	return group("source", "Works with WebhookSources",
		sourceTryCommand(env),
	)
}

func sourceTryCommand(env Environment) *cobra.Command {
	t := &sourceTry{env: env}
	cmd := &cobra.Command{
		Use:   "test SOURCE BODY",
		Short: "Show the orders that a source makes of a body",
		Long: `Show the orders that a WebhookSource makes of the body in a file ("-" is
standard input), exactly as the endpoint would make them. Nothing is sent, nothing
is stored, and no Secret is read.

The source is read from the cluster, or with -f from a file, which needs no cluster.
An event that the source's filter drops is told as such; it makes no order.
With --server, the API server is asked in a dry run what it would say.`,
		Example: `  kubectl zma source test web body.json -n shop
  kubectl zma source test stripe event.json -f source-stripe.yaml -o json
  kubectl zma source test web - --header 'X-Event: order.paid' --server <body.json`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			t.name, t.body = args[0], args[1]
			return t.run(c.Context())
		},
	}
	flags := cmd.Flags()
	t.cluster.bind(flags)
	flags.StringVarP(&t.file, "filename", "f", "", "File to read the WebhookSource from, instead of the cluster")
	flags.StringArrayVar(&t.headers, "header", nil, "Header of the request, as 'name: value'; can be given several times")
	flags.StringVarP(&t.output, "output", "o", "yaml", "Form of the orders: yaml or json")
	flags.BoolVar(&t.server, "server", false, "Ask the API server in a dry run whether it would take the orders")
	return cmd
}
