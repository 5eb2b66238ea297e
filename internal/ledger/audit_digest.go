package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5/pgtype"
)

// auditFormat is the version of the encodings below. A column more in audit_log
// needs a new one, and the old one stays: sealed blocks never change.
const auditFormat = 1

// AuditDigest is a SHA-256 of the audit chain. Its text is hexadecimal.
type AuditDigest [sha256.Size]byte

// MarshalText gives hexadecimal digits.
func (d AuditDigest) MarshalText() ([]byte, error) {
	return []byte(hex.EncodeToString(d[:])), nil
}

// UnmarshalText reads 64 hexadecimal digits.
func (d *AuditDigest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("a digest has %d hexadecimal digits, not %d", hex.EncodedLen(len(d)), len(text))
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return fmt.Errorf("a digest has hexadecimal digits only: %w", err)
	}
	return nil
}

// auditRow is a row of audit_log.
type auditRow struct {
	id                    int64
	at                    pgtype.Timestamptz
	actor, action         string
	namespace, object     string
	attempt               int64
	inputsDigest, details string
}

// digest covers every column but the id: the block pairs it with the id, so that
// two rows that changed places can be told from two that were changed.
func (r auditRow) digest() AuditDigest {
	b := appendInt(nil, unixMicros(r.at))
	for _, s := range []string{r.actor, r.action, r.namespace, r.object} {
		b = appendText(b, s)
	}
	b = appendInt(b, r.attempt)
	b = appendText(b, r.inputsDigest)
	return sha256.Sum256(appendText(b, r.details))
}

// unixMicros since 1970. Nobody writes infinite times but who tampers, and the
// verifier must get over them.
func unixMicros(t pgtype.Timestamptz) int64 {
	switch t.InfinityModifier {
	case pgtype.Infinity:
		return math.MaxInt64
	case pgtype.NegativeInfinity:
		return math.MinInt64
	case pgtype.Finite:
	}
	return t.Time.UnixMicro()
}

// appendInt writes 8 bytes, the most significant first.
func appendInt(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n)) //nolint:gosec // the same bits
}

// appendText writes the length in bytes before the text: no two sequences of
// texts have one encoding.
func appendText(b []byte, s string) []byte {
	return append(appendInt(b, int64(len(s))), s...)
}
