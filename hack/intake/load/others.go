package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Others knows how much of the machine other programs take, beside this one and
// those that it has started. It reads Linux's /proc.
type Others struct {
	root    string // of proc
	pid     int
	all     int64 // ticks of the machine
	foreign int64 // those that others took
}

// NewOthers begins to watch. Where there is no /proc, it sees nobody.
func NewOthers() *Others {
	o := &Others{root: "/proc", pid: os.Getpid()}
	o.Share()
	return o
}

// Share of the machine that others took since the last call, from 0 to 1.
func (o *Others) Share() float64 {
	all, busy, err := o.machine()
	if err != nil {
		return 0
	}
	foreign := busy - o.own()
	share := float64(foreign-o.foreign) / float64(max(all-o.all, 1))
	o.all, o.foreign = all, foreign
	return min(max(share, 0), 1)
}

// machine gives the ticks that have passed and those in which a program ran, here
// or on another machine beside this one. Interrupts are nobody's.
func (o *Others) machine() (all, busy int64, err error) {
	raw, err := os.ReadFile(filepath.Join(o.root, "stat"))
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	// cpu user nice system idle iowait irq softirq steal guest guest_nice
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0, 0, fmt.Errorf("%q is no account of the processors", line)
	}
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		all += n
		switch i {
		case 0, 1, 2, 7:
			busy += n
		}
	}
	return all, busy, nil
}

// process is what /proc tells of one.
type process struct {
	parent int
	ticks  int64
}

// own gives the ticks of this process and its descendants, ended ones included.
func (o *Others) own() (ticks int64) {
	all := map[int]process{}
	found, _ := filepath.Glob(filepath.Join(o.root, "[0-9]*", "stat")) // the pattern is sound
	for _, path := range found {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if p, ok := readProcess(path); ok {
			all[pid] = p
		}
	}
	for pid, p := range all {
		for at, generations := pid, 0; at != 0 && generations < 64; at, generations = all[at].parent, generations+1 {
			if at == o.pid {
				ticks += p.ticks
				break
			}
		}
	}
	return ticks
}

// readProcess reads pid (name) state ppid … utime stime cutime cstime.
func readProcess(path string) (process, bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return process{}, false // it has ended
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 15 {
		return process{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, false
	}
	p := process{parent: parent}
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return process{}, false
		}
		p.ticks += n
	}
	return p, true
}
