package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE values of conditions that this package treats by itself.
const (
	stateSerializationFailure = "40001"
	stateDeadlock             = "40P01"
	stateQueryCanceled        = "57014"
	stateLockNotAvailable     = "55P03"
	stateReadOnly             = "25006"
	stateIdleInTransaction    = "25P03"
	stateUndefinedTable       = "42P01"
)

// SQLError is the database's refusal of a statement, without its message and
// detail: those quote values, and values may be personal data.
type SQLError struct {
	// State is the SQLSTATE, five characters.
	State string
	// Constraint that was violated; may be empty.
	Constraint string
}

// Error names state and constraint only.
func (e *SQLError) Error() string {
	if e.Constraint == "" {
		return "SQLSTATE " + e.State
	}
	return "SQLSTATE " + e.State + " by " + e.Constraint
}

// translate turns what pgx returns into this package's errors.
func translate(op string, err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnavailable) || refused(err):
		return err
	case op == "migrate" && parametersRefused(err):
		return fmt.Errorf("ledger: %s: %w", op, ErrPooler)
	case errors.As(err, &pg):
		return fmt.Errorf("ledger: %s: %w", op, translateState(pg))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("ledger: %s: %w", op, context.Canceled)
	case connectionLost(err):
		return fmt.Errorf("ledger: %s: %w: %w", op, ErrUnavailable, err)
	default:
		return fmt.Errorf("ledger: %s: %w", op, err)
	}
}

func translateState(pg *pgconn.PgError) error {
	e := &SQLError{State: pg.Code, Constraint: pg.ConstraintName}
	switch {
	case stateUnavailable(pg.Code):
		return fmt.Errorf("%w: %w", ErrUnavailable, e)
	case strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"):
		return fmt.Errorf("%w: %w", ErrInvalid, e)
	default:
		return e
	}
}

// stateUnavailable lists what a later repeat may cure: connections, resources,
// shutdown and standby, refused logins, timeouts, and conflicts that outlasted
// the retries.
func stateUnavailable(state string) bool {
	switch state {
	case stateQueryCanceled, stateLockNotAvailable, stateReadOnly, stateIdleInTransaction,
		stateSerializationFailure, stateDeadlock:
		return true
	}
	for _, class := range []string{"08", "28", "53", "57P", "58"} {
		if strings.HasPrefix(state, class) {
			return true
		}
	}
	return state == "3D000"
}

func connectionLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) ||
		errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgx.ErrTxCommitRollback) || strings.Contains(err.Error(), "conn closed")
}

// refused tells whether the ledger itself said no, as opposed to failing.
func refused(err error) bool {
	var closed *ErrClosed
	var attempt *ErrAttempt
	var limit *ErrLimit
	var mismatch *ErrMismatch
	var judged *verdict
	return errors.As(err, &judged) || errors.As(err, &closed) || errors.As(err, &attempt) || errors.As(err, &limit) || errors.As(err, &mismatch) ||
		errors.Is(err, ErrNotFound) || errors.Is(err, ErrSchemaVersion)
}

// repeatable tells whether a transaction certainly had no effect and may well
// succeed when it is run again.
func repeatable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == stateSerializationFailure || pg.Code == stateDeadlock
	}
	return false
}
