package process_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack/process"
)

// keeper makes this test binary start a server and wait, to be killed.
const keeper = "ZMA_TEST_KEEPER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(keeper); dir != "" {
		keep(dir)
	}
	os.Exit(m.Run())
}

func keep(dir string) {
	p, err := process.Start(process.Spec{Path: "/bin/sleep", Args: []string{"600"}, Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.Pid())
	select {}
}

func TestServersDieWithAKilledCaller(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a child with its parent")
	}
	caller := exec.Command(os.Args[0])
	caller.Env = append(os.Environ(), keeper+"="+t.TempDir())
	out, err := caller.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := caller.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var server int
	if _, err := fmt.Sscan(line, &server); err != nil {
		t.Fatalf("the caller says %q: %v", line, err)
	}
	if !alive(server) {
		t.Fatal("the server does not run")
	}
	if err := caller.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = caller.Wait() // it was killed, and says so
	for deadline := time.Now().Add(30 * time.Second); alive(server); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(server, syscall.SIGKILL)
			t.Fatal("the server outlives its caller")
		}
	}
}

// alive tells whether a process runs; one that only waits to be reaped does not.
func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

func TestPortsStayFreeWhileTheirServerIsStopped(t *testing.T) {
	for range 50 {
		port, err := process.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if port >= 32768 || port < 1024 {
			t.Errorf("port %d is one that the system gives to outgoing connections, or to root alone", port)
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Errorf("port %d is not free: %v", port, err)
			continue
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
