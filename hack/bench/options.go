package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// options of a run.
type options struct {
	orders int
	outage time.Duration
	kind   kind
	rate   int
	// patience is how long the backlog may take to become Ready before the figures
	// are taken as they are; derived from the ideal time when zero.
	patience time.Duration
	// binary to measure; built from this repository when empty.
	binary string
	// json is the file for the figures; none when empty.
	json string
}

// warmUp is how many orders go through before the outage, so that no connection,
// cache or client is made for the first time after it.
const warmUp = 3

// maxRate is the most that the account's field takes.
const maxRate = 60000

func parse(args []string) (options, error) {
	var o options
	var name string
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.IntVar(&o.orders, "orders", 500, "orders that are sent during the outage")
	set.DurationVar(&o.outage, "outage", 5*time.Minute, "how long the provider is away")
	set.StringVar(&name, "kind", string(refuse), "how it is away: "+strings.Join(kinds(), ", "))
	set.IntVar(&o.rate, "rate", 600, "submissions per minute that the account allows")
	set.DurationVar(&o.patience, "patience", 0, "how long all orders may take to become Ready after the outage; four times the ideal and two minutes when 0")
	set.StringVar(&o.binary, "binary", "", "the operator to measure; built from this repository when empty")
	set.StringVar(&o.json, "json", "", "file for the figures")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	o.kind = kind(name)
	if set.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	return o, o.check()
}

func (o options) check() error {
	switch {
	case !slices.Contains(kinds(), string(o.kind)):
		return fmt.Errorf("-kind %q is none of %s", o.kind, strings.Join(kinds(), ", "))
	case o.orders < 1:
		return errors.New("-orders must be 1 or more")
	case o.outage <= 0:
		return errors.New("-outage must be longer than nothing")
	case o.rate < 1 || o.rate > maxRate:
		return fmt.Errorf("-rate must be from 1 to %d", maxRate)
	}
	return nil
}

// limit is how long to wait for the backlog.
func (o options) limit() time.Duration {
	if o.patience > 0 {
		return o.patience
	}
	return 4*time.Minute*time.Duration(o.orders)/time.Duration(o.rate) + 2*time.Minute
}
