package strangers

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames of a flood, unless the endpoint ends it before.
const frames = 20000

// deluge sends many frames of one kind; it ends with the connection.
type deluge struct {
	send func(x *target, s *speaker) error
	// deaf says that nothing is read meanwhile, so that answers pile up.
	deaf bool
}

// deluges by what they exhaust.
func deluges() map[string]deluge {
	return map[string]deluge{
		"rapid reset": {send: func(x *target, s *speaker) error {
			return repeat(func(int) error {
				stream, err := s.open(false, x.request("content-length", "100")...)
				if err != nil {
					return err
				}
				return s.frames.WriteRSTStream(stream, http2.ErrCodeCancel)
			})
		}},
		"whole requests, reset at once": {send: func(x *target, s *speaker) error {
			return repeat(func(int) error {
				stream, err := s.open(true, x.request()...)
				if err != nil {
					return err
				}
				return s.frames.WriteRSTStream(stream, http2.ErrCodeCancel)
			})
		}},
		"streams that the server has to reset": {send: func(x *target, s *speaker) error {
			return repeat(func(int) error {
				stream, err := s.open(false, x.request("content-length", "100")...)
				if err != nil {
					return err
				}
				return s.frames.WriteWindowUpdate(stream, 0)
			})
		}},
		"more streams than allowed": {send: func(x *target, s *speaker) error {
			return repeat(func(int) error {
				_, err := s.open(false, x.request("content-length", "100")...)
				return err
			})
		}},
		"continuations":       {send: func(x *target, s *speaker) error { return s.continuations(bytes.Repeat([]byte("a"), 1000)) }},
		"empty continuations": {send: func(x *target, s *speaker) error { return s.continuations(nil) }},
		"settings": {deaf: true, send: func(_ *target, s *speaker) error {
			return repeat(func(int) error {
				return s.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
			})
		}},
		"pings": {deaf: true, send: func(_ *target, s *speaker) error {
			return repeat(func(int) error { return s.frames.WritePing(false, [8]byte{1}) })
		}},
		"priorities": {send: func(_ *target, s *speaker) error {
			return repeat(func(i int) error {
				return s.frames.WritePriority(uint32(2*i+1), http2.PriorityParam{StreamDep: 0, Weight: 1})
			})
		}},
		"empty data": {send: func(x *target, s *speaker) error {
			stream, err := s.open(false, x.request()...)
			if err != nil {
				return err
			}
			return repeat(func(int) error { return s.frames.WriteData(stream, false, nil) })
		}},
		"unknown frames": {send: func(_ *target, s *speaker) error {
			return repeat(func(int) error { return s.frames.WriteRawFrame(0xbe, 0, 0, []byte("x")) })
		}},
		"headers that unpack to much": {send: func(x *target, s *speaker) error {
			fields := x.request(strings.Split(strings.TrimSuffix(strings.Repeat("x-a|"+strings.Repeat("b", 2000)+"|", 400), "|"), "|")...)
			if _, err := s.open(true, fields...); err != nil {
				return err
			}
			block := s.block(fields...) // from now on a byte stands for each field
			return repeat(func(i int) error {
				return s.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: s.next + uint32(2*i), BlockFragment: block, EndStream: true, EndHeaders: true})
			})
		}},
		"windows that never open": {deaf: true, send: func(x *target, s *speaker) error {
			if err := s.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}); err != nil {
				return err
			}
			return repeat(func(int) error {
				_, err := s.open(true, x.request()...)
				return err
			})
		}},
	}
}

func repeat(send func(i int) error) error {
	for i := range frames {
		if err := send(i); err != nil {
			return err
		}
	}
	return nil
}

// continuations never end the headers of a stream.
func (s *speaker) continuations(value []byte) error {
	stream := s.next
	var block bytes.Buffer
	_ = hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: "x-a", Value: string(value)}) // a buffer takes everything
	if value == nil {
		block.Reset()
	}
	if err := s.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: s.block(":method", "POST")}); err != nil {
		return err
	}
	return repeat(func(int) error { return s.frames.WriteContinuation(stream, false, block.Bytes()) })
}

// TestFloodsOfFramesStopNobody sends 20,000 frames of each kind that costs a server
// more than a client, while honest webhooks arrive by HTTP/2: each is accepted, no
// order comes of the flood, and the process stays within its memory.
func TestFloodsOfFramesStopNobody(t *testing.T) {
	x := theEncrypted(t)
	w, weight := watch(t, x), weigh(t, x)
	h := &honest{target: x, witness: w, party: x.world.party("standard"), client: encrypted()}
	var attackers sync.WaitGroup
	at := 0
	for name, d := range deluges() {
		at++
		local := "127.99.0." + strconv.Itoa(at)
		plant(local)
		attackers.Go(func() {
			ended, err := d.run(x, local)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			t.Logf("%s: %s", name, ended)
		})
	}
	const webhooks = 60
	h.sendAll(t, webhooks, 6*time.Second)
	attackers.Wait()
	weight.read(t)
	if h.first.Load() < webhooks {
		t.Errorf("%d of %d honest webhooks were accepted at the first try", h.first.Load(), webhooks)
	}
	t.Logf("the slowest honest webhook took %s", time.Duration(h.slowest.Load()))
}

// run floods, and tells how it ended.
func (d deluge) run(x *target, local string) (string, error) {
	s, err := x.speakHTTP2(local)
	if err != nil {
		return "", err
	}
	defer s.conn.Close()
	began := time.Now()
	ended := make(chan http2.ErrCode, 1)
	if !d.deaf {
		go func() { ended <- s.drain() }()
	}
	cut := d.send(x, s)
	took := time.Since(began)
	if d.deaf {
		return fmt.Sprintf("all sent: %t, in %s", cut == nil, took), nil
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Second)) // the rest of what it says
	return fmt.Sprintf("all sent: %t, in %s, %s", cut == nil, took, <-ended), nil
}
