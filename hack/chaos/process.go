package chaos

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack/process"
)

// restartPause is the time that a cluster takes to start a process again.
const restartPause = 300 * time.Millisecond

// keeper runs one process of the operator and starts it again whenever it ends,
// by itself or not, as a cluster does.
type keeper struct {
	name   string
	spec   process.Spec
	log    string
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	running *process.Process
	since   int64 // size of the log when the process began
	starts  int
}

// keep starts a process and keeps it running until release. It has a folder of
// its own.
func keep(ctx context.Context, name, binary, dir string, args, env []string) (*keeper, error) {
	own := filepath.Join(dir, name)
	if err := os.MkdirAll(own, 0o700); err != nil {
		return nil, err
	}
	k := &keeper{
		name: name, spec: process.Spec{Path: binary, Args: args, Env: env, Dir: own},
		log: filepath.Join(own, filepath.Base(binary)+".log"), ended: make(chan struct{}),
	}
	k.ctx, k.cancel = context.WithCancel(ctx)
	if err := k.start(); err != nil {
		return nil, err
	}
	go k.run()
	return k, nil
}

func (k *keeper) run() {
	defer close(k.ended)
	for {
		_ = k.current().Wait(context.Background(), notReady) // how it ended stands in its log
		k.set(nil)
		for {
			select {
			case <-k.ctx.Done():
				return
			case <-time.After(restartPause):
			}
			if k.start() == nil {
				break
			}
		}
	}
}

// notReady makes Wait last until the process has ended.
func notReady(context.Context) error { return errors.New("it runs") }

func (k *keeper) start() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ctx.Err(); err != nil {
		return err
	}
	k.since = 0
	if info, err := os.Stat(k.log); err == nil {
		k.since = info.Size()
	}
	p, err := process.Start(k.spec)
	if err != nil {
		return err
	}
	k.running = p
	k.starts++
	return nil
}

func (k *keeper) current() *process.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.running
}

func (k *keeper) set(p *process.Process) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running = p
}

// signal sends a signal to the process as it runs now.
func (k *keeper) signal(s syscall.Signal) {
	if p := k.current(); p != nil {
		_ = p.Signal(s) // it may just have ended
	}
}

// count is how often the process was started.
func (k *keeper) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.starts
}

// leads tells whether the process has become the leader since it began.
func (k *keeper) leads() bool {
	k.mu.Lock()
	running, since := k.running != nil, k.since
	k.mu.Unlock()
	raw, err := os.ReadFile(k.log)
	return running && err == nil && int64(len(raw)) > since && bytes.Contains(raw[since:], []byte("Successfully acquired lease"))
}

// release ends the process for good.
func (k *keeper) release() {
	k.cancel()
	k.mu.Lock()
	p := k.running
	k.mu.Unlock()
	if p != nil {
		_ = p.Signal(syscall.SIGKILL) // it may just have ended
	}
	<-k.ended
}
