// Command bench measures how long the endpoint takes to accept a webhook, at half
// and at full capacity, next to what the API server takes, in the same run, for a
// bare Create of an equal order. It ends with a status other than 0 when our own
// share is too large.
package main

import (
	"context"
	"errors"
	"io"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zma-operator/zma-operator/hack/program"
)

// errBroken means that the run was measured and the promise was not kept.
var errBroken = errors.New("the promise was not kept")

func main() { program.Main("bench", bench) }

// bench runs one benchmark. The report goes to out, everything else to progress.
func bench(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	log.SetLogger(logr.Discard()) // the clients have nothing to tell
	f, err := run(ctx, o, progress)
	if err != nil {
		return err
	}
	if o.json != "" {
		if err := f.write(o.json); err != nil {
			return err
		}
	}
	if err := f.report(out); err != nil {
		return err
	}
	if len(f.Broken()) > 0 {
		return errBroken
	}
	return nil
}
