package load

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Cores are the machine's, parted in two halves, so that what runs on one takes no
// time from what runs on the other.
type Cores struct{ first, second unix.CPUSet }

// PartCores parts the cores that this process may use. It fails with fewer than two.
func PartCores() (*Cores, error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, fmt.Errorf("read which cores there are: %w", err)
	}
	if all.Count() < 2 {
		return nil, errors.New("one core can't be parted")
	}
	c, left := &Cores{}, all.Count()/2
	for n := 0; all.Count() > 0; n++ {
		switch {
		case !all.IsSet(n):
			continue
		case left > 0:
			c.first.Set(n)
			left--
		default:
			c.second.Set(n)
		}
		all.Clear(n)
	}
	return c, nil
}

// First moves this process, and what it starts from now on, to one half.
func (c *Cores) First() error { return move(&c.first) }

// Second moves it to the other half.
func (c *Cores) Second() error { return move(&c.second) }

// move moves every thread: whichever of them starts a process passes its cores on.
func move(to *unix.CPUSet) error {
	threads, err := filepath.Glob("/proc/self/task/[0-9]*")
	if err != nil || len(threads) == 0 {
		return fmt.Errorf("list this process's threads: %w", errors.Join(err, os.ErrNotExist))
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(filepath.Base(thread))
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, to); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("choose cores: %w", err)
		}
	}
	return nil
}
