package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// RateUse is what one replica took from one token bucket since it told last.
type RateUse struct {
	// Scope tells the bucket from all others: source, client and limits. It must
	// hold the source's UID and is never stored; see rateKey.
	Scope string
	// Taken is how long the tokens taken need to grow back.
	Taken time.Duration
	// Behind is how long the replica's own bucket needs to be full.
	Behind time.Duration
}

const (
	sqlRateSecret = `SELECT secret FROM rate_limit_secret`

	// Rows are locked in the order of their keys, so that replicas can't wait in a
	// circle. Only the database's clock counts. A time that has passed is left as it
	// is: own takings count from when they were made, which is what excluded.full_at
	// says, not from now.
	sqlShareRates = `
INSERT INTO rate_limits AS r (key, full_at, added)
SELECT u.key, now() + u.behind * interval '1 microsecond', u.taken * interval '1 microsecond'
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS u (key, taken, behind)
ORDER BY u.key
ON CONFLICT (key) DO UPDATE SET full_at = greatest(r.full_at + excluded.added, excluded.full_at), added = excluded.added
RETURNING key, (extract(epoch FROM full_at - now()) * 1000000)::bigint`

	// Rows that somebody is writing are left for the next time instead of waited for.
	sqlForgetRates = `
DELETE FROM rate_limits WHERE key IN (
    SELECT key FROM rate_limits WHERE full_at < now() - interval '5 minutes' ORDER BY key LIMIT 10000 FOR UPDATE SKIP LOCKED)`
)

// manyRates in one exchange are a flood of clients: what they leave is forgotten
// as fast as it grows.
const manyRates = 1000

// ShareRates adds what one replica took to the buckets of all, and returns for
// each use how long its bucket needs to be full, by the database's clock. Scopes
// must differ. It is not idempotent: after an error, what was taken may have been
// counted. About once a minute of calls, and
// under a flood with each, it forgets rows that are long full.
func (l *Ledger) ShareRates(ctx context.Context, uses []RateUse) ([]time.Duration, error) {
	if len(uses) == 0 {
		return nil, nil
	}
	behind := make([]time.Duration, len(uses))
	err := l.do(ctx, "share_rates", func(ctx context.Context) error {
		if l.now().Unix()%60 == 0 || len(uses) > manyRates {
			if _, err := l.pool.Exec(ctx, sqlForgetRates); err != nil {
				return err
			}
		}
		return l.shareRates(ctx, uses, behind)
	})
	if err != nil {
		return nil, err
	}
	return behind, nil
}

func (l *Ledger) shareRates(ctx context.Context, uses []RateUse, behind []time.Duration) error {
	var secret []byte
	if err := l.pool.QueryRow(ctx, sqlRateSecret).Scan(&secret); err != nil {
		return err
	}
	keys, taken, own := make([]string, len(uses)), make([]int64, len(uses)), make([]int64, len(uses))
	index := make(map[string]int, len(uses))
	for i, u := range uses {
		keys[i], taken[i], own[i] = rateKey(secret, u.Scope), micros(u.Taken), micros(u.Behind)
		index[keys[i]] = i
	}
	rows, err := l.pool.Query(ctx, sqlShareRates, keys, taken, own)
	if err != nil {
		return err
	}
	var key string
	var left int64
	tag, err := pgx.ForEachRow(rows, []any{&key, &left}, func() error {
		behind[index[key]] = time.Duration(left) * time.Microsecond
		return nil
	})
	if err == nil && int(tag.RowsAffected()) != len(uses) {
		return fmt.Errorf("%d of %d rates were shared", tag.RowsAffected(), len(uses))
	}
	return err
}

// rateKey hides which source and client a row is of. Two things are needed to try
// addresses against it: the secret, which is in this database and nowhere else,
// and the source's UID within the scope, 122 random bits that are in the cluster
// and not in this database. So neither a dump nor the cluster's logs and events
// are enough, and no replica needs a right that it does not have anyway: it
// reads sources and this database.
func rateKey(secret []byte, scope string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(scope))
	return hex.EncodeToString(mac.Sum(nil))
}

func micros(d time.Duration) int64 { return max(0, d.Round(time.Microsecond).Microseconds()) }
