package controllers

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

const (
	upkeepEvery = time.Hour
	upkeepRetry = 5 * time.Minute
	// erasePage is how many orders are erased in one transaction, and erasePages how
	// many of those in one run.
	erasePage  = 100
	erasePages = 100
)

// UpkeepLedger is what the upkeep of Postgres needs of the ledger.
type UpkeepLedger interface {
	EnsurePartitions(context.Context) (int64, error)
	DropDeliveries(context.Context, time.Duration) (ledger.Dropped, error)
	EraseEnded(ctx context.Context, before time.Time, limit int) (ledger.Erasure, error)
	EraseKept(context.Context) (int64, error)
}

// Upkeep makes the partitions of the coming months, drops old ones and erases the
// personal data of orders that have long gone. Orders, journal and audit trail stay.
type Upkeep struct {
	// Ledger to keep.
	Ledger UpkeepLedger
	// Deliveries is how long the delivery log is kept; for ever when 0.
	Deliveries time.Duration
	// PersonalData is how long the personal data of an order stays after it left the
	// cluster; for ever when 0.
	PersonalData time.Duration
	// Metrics of what went, and of failures.
	Metrics *telemetry.Metrics
	// Log of what went, and of failures.
	Log logr.Logger
	// Now is the clock.
	Now func() time.Time
}

// NeedLeaderElection makes one of many replicas do it. Two would do no harm.
func (u *Upkeep) NeedLeaderElection() bool { return true }

// Start keeps house until the context ends.
func (u *Upkeep) Start(ctx context.Context) error {
	for {
		pause := upkeepEvery
		if !u.Run(ctx) {
			pause = upkeepRetry
		}
		next := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			next.Stop()
			return nil
		case <-next.C:
		}
	}
}

// Run does everything once; false when something failed. No step waits for another's
// success.
func (u *Upkeep) Run(ctx context.Context) bool {
	ok := true
	for _, s := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"partitions", u.partitions}, {"personal_data", u.personalData}, {"deliveries", u.deliveries},
	} {
		if err := s.do(ctx); err != nil && ctx.Err() == nil {
			ok = false
			u.Metrics.RetentionErrors.WithLabelValues(s.name).Inc()
			u.Log.Info("The upkeep of Postgres failed; trying again", "step", s.name, "error", err.Error())
		}
	}
	return ok
}

func (u *Upkeep) partitions(ctx context.Context) error {
	_, err := u.Ledger.EnsurePartitions(ctx)
	return err
}

func (u *Upkeep) deliveries(ctx context.Context) error {
	if u.Deliveries == 0 {
		return nil
	}
	dropped, err := u.Ledger.DropDeliveries(ctx, u.Deliveries)
	if dropped.Rows > 0 || dropped.Partitions > 0 {
		u.Metrics.RetentionDropped.WithLabelValues("webhook_deliveries").Add(float64(dropped.Rows))
		u.Log.Info("Old deliveries dropped", "partitions", dropped.Partitions, "rows", dropped.Rows)
	}
	return err
}

func (u *Upkeep) personalData(ctx context.Context) error {
	if _, err := u.Ledger.EraseKept(ctx); err != nil {
		return err
	}
	if u.PersonalData == 0 {
		return nil
	}
	for range erasePages {
		erased, err := u.Ledger.EraseEnded(ctx, u.Now().Add(-u.PersonalData), erasePage)
		if err != nil {
			return err
		}
		if erased.Orders == 0 {
			break
		}
		u.Metrics.RetentionErased.Add(float64(erased.Orders))
		u.Log.Info("Personal data erased", "orders", erased.Orders)
	}
	return nil
}

// addRetention adds what takes data away, or keeps room for it.
func addRetention(mgr manager.Manager, o Options) error {
	log := mgr.GetLogger().WithName("retention")
	err := mgr.Add(&Upkeep{
		Ledger: o.Ledger, Deliveries: o.DeliveryRetention, PersonalData: o.PersonalDataRetention,
		Metrics: o.Metrics, Log: log, Now: o.Now,
	})
	if err != nil || o.Retention == 0 {
		return err
	}
	return mgr.Add(&Retention{
		Client: mgr.GetClient(), Ledger: o.Ledger, After: o.Retention, Metrics: o.Metrics, Log: log, Now: o.Now,
	})
}
