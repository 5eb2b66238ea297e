package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// defaultMaxConns fits a small Postgres shared by a few replicas.
const defaultMaxConns = 10

// connectTimeout keeps a dead server from holding a worker.
const connectTimeout = 3 * time.Second

// Options configure a Ledger.
type Options struct {
	// URL of the database, as a postgres:// URL or a list of keywords.
	URL string
	// Now is the clock of every time that is recorded or compared; required.
	Now func() time.Time
	// Metrics receives durations of operations; nil for none.
	Metrics *telemetry.Metrics
	// MaxConns bounds the pool; 10 when zero.
	MaxConns int32
	// ApplicationName shows in pg_stat_activity; zma-operator when empty.
	ApplicationName string
}

// Ledger is the product's database. It is safe for concurrent use.
type Ledger struct {
	pool    *pgxpool.Pool
	begin   string
	pooler  *atomic.Bool
	now     func() time.Time
	metrics *telemetry.Metrics
}

// Open prepares the pool without connecting: a server that is down shows in the
// operations, as ErrUnavailable, and never at start. It fails only on options
// that can't be used.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	if o.Now == nil {
		return nil, errors.New("ledger: no clock given")
	}
	cfg, err := poolConfig(o)
	if err != nil {
		return nil, err
	}
	pooler := &atomic.Bool{}
	cfg.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		adapt(c, pooler.Load())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("ledger: making the pool: %w", err)
	}
	return &Ledger{pool: pool, begin: beginQuery(cfg.ConnConfig.RuntimeParams), pooler: pooler, now: o.Now, metrics: o.Metrics}, nil
}

// Close ends all connections, and waits for those in use.
func (l *Ledger) Close() {
	l.pool.Close()
}

// Ping tells whether the database answers.
func (l *Ledger) Ping(ctx context.Context) error {
	return l.do(ctx, "ping", func(ctx context.Context) error { return l.pool.Ping(ctx) })
}

func poolConfig(o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		// The parser's own message may quote the URL, password included.
		return nil, errors.New("ledger: the database URL can't be read")
	}
	cfg.MaxConns = defaultMaxConns
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	configureConn(cfg.ConnConfig, o.ApplicationName)
	return cfg, nil
}

// configureConn bounds what one statement may cost. What the URL sets is kept.
func configureConn(c *pgx.ConnConfig, application string) {
	if application == "" {
		application = "zma-operator"
	}
	for name, value := range map[string]string{
		"application_name":     application,
		boundStatement:         "5000",
		boundLock:              "3000",
		boundIdleInTransaction: "10000",
		// Written times and the text of errors don't depend on the server.
		"timezone": "UTC",
	} {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
	c.ConnectTimeout = connectTimeout
	// Named prepared statements don't survive a pooler in transaction mode.
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
}
