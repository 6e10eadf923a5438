package sentineltest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken below the range from which Linux (32768), macOS and BSD (49152) take the local ports of outgoing
// connections: a node that was killed must find its port free when it is restarted.
const (
	lowestPort  = 10000
	highestPort = 32767
)

// lockAddr is where a port is reserved: this package's processes agree on port numbers, without a file or a lock of
// their own, by listening on the same number there for as long as the port is theirs. No node ever listens there.
const lockAddr = "127.255.255.254"

// A port is a TCP port number on one address, reserved against every other user of this package on the machine.
type port struct {
	number int
	lock   net.Listener // nil where lockAddr is not local (only Linux has all of 127.0.0.0/8)
}

// reservePort finds a port that is free on ip.
func reservePort(ip string) (*port, error) {
	const tries = 200
	var err error
	for range tries {
		number := lowestPort + rand.IntN(highestPort-lowestPort+1) //nolint:gosec // a port is no secret
		p := &port{number: number}
		if err = p.tryLock(); err != nil {
			continue
		}
		if err = probe(ip, number); err == nil {
			return p, nil
		}
		p.release()
	}
	return nil, fmt.Errorf("sentineltest: no free port on %s after %d tries: %w", ip, tries, err)
}

func (p *port) tryLock() error {
	if !local(lockAddr) {
		return nil
	}
	lock, err := net.Listen("tcp", net.JoinHostPort(lockAddr, strconv.Itoa(p.number)))
	if err != nil {
		return fmt.Errorf("reserving port %d: %w", p.number, err)
	}
	p.lock = lock
	return nil
}

func (p *port) release() {
	if p.lock != nil {
		_ = p.lock.Close()
	}
}

// probe returns an error if a server could not listen on the port now.
func probe(ip string, number int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(number)))
	if err != nil {
		return fmt.Errorf("trying port %d: %w", number, err)
	}
	return l.Close()
}

// local reports whether programs can listen on ip here.
func local(ip string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
