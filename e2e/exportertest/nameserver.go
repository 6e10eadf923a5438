package exportertest

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A Nameserver knows one address for all names, 127.0.0.1, or none.
type Nameserver struct {
	conn   net.PacketConn
	broken atomic.Bool // every name is unknown
}

// RunNameserver starts a nameserver on a loopback address until the test's end.
func RunNameserver(t testing.TB) *Nameserver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &Nameserver{conn: conn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return n
}

// SetBroken makes the nameserver know no name, or all again.
func (n *Nameserver) SetBroken(broken bool) { n.broken.Store(broken) }

func (n *Nameserver) addr() string { return n.conn.LocalAddr().String() }

func (n *Nameserver) serve() {
	question := make([]byte, 1024)
	for {
		size, from, err := n.conn.ReadFrom(question)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(question[:size]) != nil {
			continue
		}
		if answer, err := n.answer(m); err == nil {
			_, _ = n.conn.WriteTo(answer, from)
		}
	}
}

func (n *Nameserver) answer(m dnsmessage.Message) ([]byte, error) {
	a := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true},
		Questions: m.Questions,
	}
	if n.broken.Load() {
		a.RCode = dnsmessage.RCodeNameError
		return a.Pack()
	}
	for _, q := range m.Questions {
		if q.Type != dnsmessage.TypeA {
			continue
		}
		a.Answers = append(a.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class},
			Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		})
	}
	return a.Pack()
}

// askOnly makes this process ask the nameserver at an address for all names.
func askOnly(addr string) {
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", addr)
		},
	}
}
