package main

import (
	"errors"
	"flag"
	"fmt"
	"time"
)

// Who runs on which cores.
const (
	coresApart  = "apart"
	coresShared = "shared"
)

// When the API server collects its garbage.
const (
	garbageBetween = "between"
	garbageAnytime = "anytime"
)

// options of a run.
type options struct {
	// rounds of measurements.
	rounds int
	// over is how long each kind of work is measured in a round, at each rate, and
	// turn how long before the other kind has its turn.
	over, turn time.Duration
	// others may take this part of the machine, at most, for a turn to count; and
	// patience is how long one rate of a round may take because turns do not.
	others   float64
	patience time.Duration
	// step is how long each step of the search for the capacity takes.
	step time.Duration
	// workers at most in that search.
	workers int
	// capacity that was found before, per second; searched for when 0.
	capacity float64
	// cores is coresApart or coresShared.
	cores string
	// garbage is garbageBetween or garbageAnytime.
	garbage string
	// seed of the arrivals.
	seed uint64
	// binary to measure; built from this repository when empty.
	binary string
	// json is the file for the figures; none when empty.
	json string
}

func parse(args []string) (options, error) {
	var o options
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.IntVar(&o.rounds, "rounds", 5, "rounds of measurements")
	set.DurationVar(&o.over, "over", 10*time.Second, "how long each measurement takes; four make a round")
	set.DurationVar(&o.turn, "turn", 500*time.Millisecond, "how long webhooks, or bare Creates, come before the others have their turn")
	set.Float64Var(&o.others, "others", .05, "part of the machine that other programs may take, at most, for a turn to count")
	set.DurationVar(&o.patience, "patience", 3*time.Minute, "how long one rate of a round may take because turns do not count")
	set.DurationVar(&o.step, "step", 4*time.Second, "how long each step of the search for the capacity takes")
	set.IntVar(&o.workers, "workers", 128, "senders at once, at most, in that search")
	set.Float64Var(&o.capacity, "capacity", 0, "webhooks per second, to compare versions at the same rate; searched for when 0")
	set.StringVar(&o.cores, "cores", coresApart, "apart: half of the cores are Kubernetes' alone; shared: everything runs on all (Linux only otherwise)")
	set.StringVar(&o.garbage, "garbage", garbageBetween, "between: the API server collects its garbage between the turns; anytime: when it chooses")
	set.Uint64Var(&o.seed, "seed", 1, "of the arrivals")
	set.StringVar(&o.binary, "binary", "", "the operator to measure; built from this repository when empty")
	set.StringVar(&o.json, "json", "", "file for the figures")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	switch {
	case o.rounds < 1:
		return o, errors.New("-rounds must be 1 or more")
	case o.over <= 0 || o.turn <= 0 || o.step <= 0 || o.patience <= 0:
		return o, errors.New("-over, -turn, -step and -patience must be longer than nothing")
	case o.cores != coresApart && o.cores != coresShared:
		return o, errors.New("-cores must be apart or shared")
	case o.garbage != garbageBetween && o.garbage != garbageAnytime:
		return o, errors.New("-garbage must be between or anytime")
	case o.workers < 1:
		return o, errors.New("-workers must be 1 or more")
	case o.capacity < 0:
		return o, errors.New("-capacity must not be negative")
	}
	return o, nil
}
