package app

import "errors"

// StatusError ends the process with a status of its own.
type StatusError struct {
	// Status of the process.
	Status int
	// Err says why.
	Err error
}

// Error says why.
func (e *StatusError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// ExitStatus of a process that ends with an error: 1, unless the error has one of
// its own.
func ExitStatus(err error) int {
	var status *StatusError
	if errors.As(err, &status) {
		return status.Status
	}
	return 1
}
