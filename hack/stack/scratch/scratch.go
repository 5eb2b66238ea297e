// Package scratch makes the temporary folders of the local stack. A folder
// belongs to the process that made it; one whose process was killed is removed by
// the next one to ask for a folder.
package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// prefix marks the folders that may be swept.
const prefix = "zma-scratch-"

// settle is how old an unlocked folder must be to count as abandoned: a new one
// is unlocked for the moment between its making and its locking.
const settle = time.Minute

// Dir is a temporary folder.
type Dir struct {
	path string
	lock *os.File
}

// New makes a folder under the system's one for temporary files, after removing
// those of processes that were killed.
func New(name string) (*Dir, error) {
	if err := Sweep(os.TempDir(), time.Now().Add(-settle)); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp("", prefix+name+"-")
	if err != nil {
		return nil, err
	}
	lock, err := tryLock(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), os.RemoveAll(path))
	}
	return &Dir{path: path, lock: lock}, nil
}

// Path of the folder.
func (d *Dir) Path() string { return d.path }

// Remove removes the folder with all that is in it.
func (d *Dir) Remove() error {
	return errors.Join(Remove(d.path), d.lock.Close())
}

// Sweep removes the scratch folders in parent that no living process holds and
// that were last changed before the given time. Those of other users are left.
func Sweep(parent string, before time.Time) error {
	found, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || !info.ModTime().Before(before) {
			continue
		}
		lock, err := tryLock(path)
		if err != nil {
			continue // held, gone, or another user's
		}
		if err := errors.Join(Remove(path), lock.Close()); err != nil && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("remove what a killed process left: %w", err)
		}
	}
	return nil
}

// Remove removes a folder into which servers may still be writing their last
// lines: the kernel takes a moment to end the children of a killed process.
func Remove(path string) (err error) {
	for range 50 {
		if err = os.RemoveAll(path); err == nil || !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// tryLock holds a folder until the file is closed or the process dies.
func tryLock(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
