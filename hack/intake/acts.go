package intake

import (
	"context"
	"errors"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

// notice is how long a Service goes on sending to a replica that was killed.
const notice = time.Second

// shortest outage of anything, however few webhooks there are.
const shortest = 3 * time.Second

// victim is the replica that is killed; the other one serves throughout.
const victim = 0

// kill ends a replica in the middle of its work.
func (r *run) kill(ctx context.Context) error {
	replica := r.service.replicas[victim]
	r.mu.Lock()
	r.kills = append(r.kills, oracle.Kill{Replica: replica.Name, At: time.Now()})
	r.mu.Unlock()
	replica.Kill()
	r.say("replica %s is killed", replica.Name)
	if err := sleep(ctx, notice); err != nil {
		return err
	}
	r.service.set(victim, false)
	return nil
}

// revive starts it again, and lets it serve once it is ready.
func (r *run) revive(ctx context.Context) error {
	replica := r.service.replicas[victim]
	if err := replica.Revive(ctx); err != nil {
		return err
	}
	r.service.set(victim, true)
	r.say("replica %s is ready again", replica.Name)
	return nil
}

// apiServer restarts the API server, and kills a replica while it is away, which
// then has to come up beside the API server.
func (r *run) apiServer(ctx context.Context) error {
	kube := r.options.Servers.Kube
	if err := kube.StopAPIServer(); err != nil {
		return err
	}
	r.say("the API server is stopped")
	if err := errors.Join(sleep(ctx, shortest-notice), r.kill(ctx)); err != nil {
		return err
	}
	revived := make(chan error, 1)
	go func() { revived <- r.revive(ctx) }()
	err := kube.StartAPIServer(ctx)
	if err == nil {
		r.say("the API server is ready again")
	}
	return errors.Join(err, <-revived)
}

// postgres stops PostgreSQL for a fifth of the time, unless it is not ours to stop.
func (r *run) postgres(ctx context.Context) error {
	server := r.options.Servers.Postgres
	err := server.Pause()
	if errors.Is(err, postgres.ErrNotOurs) {
		r.say("PostgreSQL is not ours to stop")
		return nil
	}
	if err != nil {
		return err
	}
	r.say("PostgreSQL is stopped")
	stopped := time.Now()
	defer func() { r.away = time.Since(stopped) }()
	if err := sleep(ctx, max(shortest, r.span/5)); err != nil {
		return errors.Join(err, server.Resume(context.WithoutCancel(ctx)))
	}
	if err := server.Resume(ctx); err != nil {
		return err
	}
	r.say("PostgreSQL is ready again")
	return nil
}
