package cut

import (
	"net"
	"sync"
	"time"
)

// pair is one connection and its counterpart at the target.
type pair struct {
	proxy  *Proxy
	client *net.TCPConn
	done   chan struct{}

	mu     sync.Mutex
	server *net.TCPConn
	ended  bool
}

func (c *pair) run() {
	defer c.proxy.forget(c)
	defer c.reset()
	if !c.wait() {
		return
	}
	conn, err := net.DialTimeout("tcp", c.proxy.target, 5*time.Second)
	if err != nil || !c.adopt(conn.(*net.TCPConn)) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { c.copy(c.server, c.client) })
	both.Go(func() { c.copy(c.client, c.server) })
	both.Wait()
}

// adopt keeps the connection to the target, unless the pair has been reset.
func (c *pair) adopt(server *net.TCPConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		_ = server.Close() // nothing was sent on it
		return false
	}
	c.server = server
	return true
}

// copy passes bytes on, and the end of the stream as such.
func (c *pair) copy(to, from *net.TCPConn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !c.wait() {
			return
		}
		if n > 0 {
			if _, werr := to.Write(buffer[:n]); werr != nil {
				c.reset()
				return
			}
		}
		if err != nil {
			_ = to.CloseWrite() // the other side may have gone
			return
		}
	}
}

// wait returns once bytes may pass; false when the pair was reset.
func (c *pair) wait() bool {
	for {
		gate := c.proxy.gate()
		select {
		case <-gate:
		case <-c.done:
			return false
		}
		select {
		case <-c.done:
			return false
		default:
		}
		if c.proxy.gate() == gate {
			return true
		}
	}
}

// reset ends both sides at once, without a farewell.
func (c *pair) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended = true
	close(c.done)
	for _, conn := range []*net.TCPConn{c.client, c.server} {
		if conn != nil {
			_ = conn.SetLinger(0) // a reset, where a close would say farewell
			_ = conn.Close()
		}
	}
}
