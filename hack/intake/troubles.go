package intake

import (
	"context"
	"slices"
	"time"
)

// Trouble is something that fails while webhooks arrive.
type Trouble string

const (
	// KilledReplica is a replica that is killed, and started again later.
	KilledReplica Trouble = "killed replica"
	// RestartedAPIServer is the API server restarted, and a replica killed meanwhile.
	RestartedAPIServer Trouble = "restarted API server"
	// StoppedPostgres is PostgreSQL away for a time.
	StoppedPostgres Trouble = "stopped PostgreSQL"
)

// Troubles are all of them.
func Troubles() []Trouble { return []Trouble{KilledReplica, RestartedAPIServer, StoppedPostgres} }

// troubles happen one after the other, at parts of the arrivals.
func (r *run) troubles(ctx context.Context) error {
	for _, t := range []struct {
		trouble Trouble
		at      float64 // of the arrivals' time
		do      func(context.Context) error
	}{
		{KilledReplica, .10, r.kill},
		{KilledReplica, .20, r.revive},
		{RestartedAPIServer, .30, r.apiServer},
		{StoppedPostgres, .70, r.postgres},
	} {
		if !slices.Contains(r.options.Troubles, t.trouble) {
			continue
		}
		if err := r.until(ctx, t.at); err != nil {
			return err
		}
		if err := t.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// until waits for a part of the arrivals' time.
func (r *run) until(ctx context.Context, part float64) error {
	return sleep(ctx, time.Until(r.began.Add(time.Duration(part*float64(r.span)))))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
