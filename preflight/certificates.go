package preflight

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"sync"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A server is one that speaks TLS, be it a data node or a Sentinel.
type server struct {
	addr  string
	node  *node // nil of a Sentinel
	shown []*x509.Certificate
	err   error // why it has shown none
}

// lookAtServers makes a new connection to each server that speaks TLS, as far as is known: those that are kept have the
// certificates of when they were opened.
func (f *flight) lookAtServers(ctx context.Context, o Options) {
	var options []sentinel.Options
	add := func(addr string, n *node, how sentinel.Options) {
		how.Address = addr
		f.servers, options = append(f.servers, server{addr: addr, node: n}), append(options, how)
	}
	for _, n := range f.nodes {
		switch {
		case n.conn == nil: // it must not be asked
		case o.Nodes.TLS != nil:
			add(n.addr, n, *o.Nodes)
		case n.tlsAddr() != "":
			add(n.tlsAddr(), n, *o.Nodes)
		}
	}
	if o.Sentinels.TLS != nil {
		for _, s := range f.snapshots {
			add(s.Sentinel, nil, o.Sentinels)
		}
	}
	var wg sync.WaitGroup
	for i := range f.servers {
		s := &f.servers[i]
		wg.Go(func() { s.shown, s.err = sentinel.Certificates(ctx, options[i]) })
	}
	wg.Wait()
}

// tlsAddr is where a node that was asked in plain text speaks TLS as well; empty if it does not.
func (n *node) tlsAddr() string {
	host, _, err := net.SplitHostPort(n.addr)
	if err != nil || n.Node == nil {
		return ""
	}
	if port := n.Settings[datanode.TLSPort]; port != "" && port != "0" {
		return net.JoinHostPort(host, port)
	}
	return ""
}

func lookAtCertificates(f *flight, o *outcome) {
	if f.blind == "" {
		f.configured(o, func(*node) {})
	}
	for i := range f.servers {
		s := &f.servers[i]
		if s.err != nil {
			o.cannotTell(fmt.Sprintf("%s: the certificate could not be looked at: %v", s.addr, s.err))
			continue
		}
		if found, is := s.outdated(time.Now(), f.soon); is {
			o.find(found)
		}
	}
}

// outdated finds the first certificate of the server's chain that is not good now, or will not be soon.
func (s *server) outdated(now time.Time, soon time.Duration) (found health.Finding, is bool) {
	first := s.shown[0]
	for _, c := range s.shown {
		if c.NotAfter.Before(first.NotAfter) {
			first = c
		}
	}
	which := "its certificate"
	if first != s.shown[0] {
		which = "a certificate of an authority that it shows with its own"
	}
	found = health.Finding{Severity: health.Critical, Node: s.addr}
	until := first.NotAfter.UTC().Format(time.RFC3339)
	const consequence = "nobody who checks it can connect: no client that comes to it, no node that would follow it, no Sentinel that connects again"
	switch left := first.NotAfter.Sub(now); {
	case s.shown[0].NotBefore.After(now):
		found.Message = fmt.Sprintf("%s: its certificate is good only from %s on: until then %s", s.addr, s.shown[0].NotBefore.UTC().Format(time.RFC3339), consequence)
	case left <= 0:
		found.Message = fmt.Sprintf("%s: %s expired at %s: %s", s.addr, which, until, consequence)
	case left <= soon:
		found.Severity = health.Warning
		found.Message = fmt.Sprintf("%s: %s expires at %s, in %s: then %s", s.addr, which, until, timeLeft(left), consequence)
	default:
		return found, false
	}
	if s.node == nil {
		found.Hint = "Replace it, and restart the Sentinel: it reads its certificate only then."
		return found, true
	}
	found.Hint = "Replace the files of the certificate and its key, and have the node read them again, which CONFIG SET does for the name that it has already."
	if s.node.Node != nil && s.node.Settings[datanode.Certificate] != "" {
		found.Commands = []string{s.node.cli("CONFIG", "SET", datanode.Certificate, s.node.Settings[datanode.Certificate])}
	}
	return found, true
}

// timeLeft is in days, where there are any.
func timeLeft(left time.Duration) string {
	if days := int(left / (24 * time.Hour)); days > 1 {
		return fmt.Sprintf("%d days", days)
	}
	return left.Round(time.Minute).String()
}
