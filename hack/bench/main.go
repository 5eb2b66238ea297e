// Command bench measures how the operator comes back after the provider was away:
// how soon the first waiting order is submitted, in what order and how fast the
// backlog goes, and how often each order is bought. It ends with a status other
// than 0 when a promise was not kept.
package main

import (
	"context"
	"errors"
	"io"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/hack/program"
)

// errBroken means that the run was measured and a promise was not kept.
var errBroken = errors.New("a promise was not kept")

func main() { program.Main("bench", bench) }

// bench runs one benchmark. The report goes to out, everything else to progress.
func bench(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	log.SetLogger(logr.Discard()) // the watch of the orders has nothing to tell
	f, err := run(ctx, o, progress)
	if err != nil {
		return err
	}
	if o.json != "" {
		if err := write(o.json, o, f); err != nil {
			return err
		}
	}
	if err := report(out, o, f); err != nil {
		return err
	}
	if len(f.Broken()) > 0 {
		return errBroken
	}
	return nil
}
