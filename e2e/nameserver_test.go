package e2e

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A nameserver knows one address for all names, 127.0.0.1, or none.
type nameserver struct {
	conn   net.PacketConn
	broken atomic.Bool // every name is unknown
}

func runNameserver(t *testing.T) *nameserver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &nameserver{conn: conn}
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

func (n *nameserver) addr() string { return n.conn.LocalAddr().String() }

func (n *nameserver) serve() {
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

func (n *nameserver) answer(m dnsmessage.Message) ([]byte, error) {
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
