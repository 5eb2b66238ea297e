package ledger

import (
	"fmt"
	"time"
	// A container without a zone database must still know when a day begins.
	_ "time/tzdata"
)

// periodStarts gives the beginning of now's day and month in a time zone. The
// first instant of a day is found by date, so that days of 23 and 25 hours are
// right.
func periodStarts(now time.Time, timezone string) (day, month time.Time, err error) {
	zone, err := location(timezone)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, 1, 0, 0, 0, 0, zone), nil
}

// location refuses "Local": limits must not depend on where a replica runs.
func location(timezone string) (*time.Location, error) {
	if timezone == "Local" {
		return nil, fmt.Errorf("%w: time zone Local has no fixed meaning", ErrInvalid)
	}
	zone, err := time.LoadLocation(timezone)
	if err != nil {
		return nil, fmt.Errorf("%w: unknown time zone", ErrInvalid)
	}
	return zone, nil
}
