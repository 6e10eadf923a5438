package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// dataNodes simulates the masters and replicas of a thousand deployments: one listener that
// acts as a different node at each address of 127.0.0.0/8. It answers what a Sentinel asks a
// data node, and forwards hello messages, so that the Sentinels of a master find each other.
type dataNodes struct {
	listener net.Listener
	port     string
	wg       sync.WaitGroup

	mu          sync.Mutex
	conns       map[net.Conn]bool
	subscribers map[string]map[net.Conn]bool // by the node's IP address
}

// replicasEach is the number of replicas of a master.
const replicasEach = 2

// acceptors take the thousands of connections that come at once.
const acceptors = 8

// nodeIP is the address of a master's node: 0 is the master itself.
func nodeIP(master, node int) string {
	return fmt.Sprintf("127.%d.%d.%d", 16+master/256, master%256, 1+node)
}

// placeOf is the reverse of nodeIP.
func placeOf(ip string) (master, node int) {
	var a, b, c int
	if _, err := fmt.Sscanf(ip, "127.%d.%d.%d", &a, &b, &c); err != nil {
		return 0, 0
	}
	return (a-16)*256 + b, c - 1
}

func startDataNodes() (*dataNodes, error) {
	listener, err := net.Listen("tcp4", "0.0.0.0:0") //nolint:gosec // every address of 127.0.0.0/8 is a node
	if err != nil {
		return nil, fmt.Errorf("listening for the data nodes: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, err
	}
	d := &dataNodes{listener: listener, port: port, conns: map[net.Conn]bool{}, subscribers: map[string]map[net.Conn]bool{}}
	for range acceptors {
		d.wg.Go(d.accept)
	}
	return d, nil
}

func (d *dataNodes) close() {
	_ = d.listener.Close()
	d.mu.Lock()
	for conn := range d.conns {
		_ = conn.Close()
	}
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *dataNodes) accept() {
	for {
		conn, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		d.mu.Lock()
		d.conns[conn] = true
		d.mu.Unlock()
		d.wg.Go(func() { d.serve(conn) })
	}
}

func (d *dataNodes) serve(conn net.Conn) {
	ip, _, _ := net.SplitHostPort(conn.LocalAddr().String())
	defer func() {
		d.mu.Lock()
		delete(d.conns, conn)
		delete(d.subscribers[ip], conn)
		d.mu.Unlock()
		_ = conn.Close()
	}()
	in := bufio.NewReaderSize(conn, 512)
	for {
		args, err := readCommand(in)
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, d.answer(conn, ip, args)); err != nil {
			return
		}
	}
}

// readCommand reads one command as Sentinels send them: an array of strings.
func readCommand(in *bufio.Reader) ([]string, error) {
	n, err := readLength(in, '*')
	if err != nil || n < 1 || n > 16 {
		return nil, fmt.Errorf("no command: %w", err)
	}
	args := make([]string, n)
	for i := range args {
		length, err := readLength(in, '$')
		if err != nil || length < 0 || length > 4096 {
			return nil, fmt.Errorf("no argument: %w", err)
		}
		text := make([]byte, length+2)
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, err
		}
		args[i] = string(text[:length])
	}
	return args, nil
}

func readLength(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("%q where %c should be", line, kind)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

func (d *dataNodes) answer(conn net.Conn, ip string, args []string) string {
	switch strings.ToUpper(args[0]) {
	case "PING":
		return "+PONG\r\n"
	case "INFO":
		text := d.info(ip)
		return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
	case "PUBLISH":
		d.publish(ip, args[2])
		return ":1\r\n"
	case "SUBSCRIBE":
		d.mu.Lock()
		if d.subscribers[ip] == nil {
			d.subscribers[ip] = map[net.Conn]bool{}
		}
		d.subscribers[ip][conn] = true
		d.mu.Unlock()
		return fmt.Sprintf("*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:1\r\n", len(args[1]), args[1])
	}
	return "+OK\r\n"
}

func (d *dataNodes) publish(ip, message string) {
	const channel = "__sentinel__:hello"
	text := fmt.Sprintf("*3\r\n$7\r\nmessage\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(channel), channel, len(message), message)
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn := range d.subscribers[ip] {
		_, _ = io.WriteString(conn, text) // who does not take it reads the next one
	}
}

// info is what a Sentinel reads out of a node's INFO, with as much text again as the INFO
// of a Redis 8 has: INFO-CACHE passes all of it on.
func (d *dataNodes) info(ip string) string {
	return d.replication(ip) + "# Stats\r\n" + strings.Repeat("total_net_repl_output_bytes:123456789\r\n", 150)
}

func (d *dataNodes) replication(ip string) string {
	master, node := placeOf(ip)
	runID := fmt.Sprintf("%020d%020d", master+1, node+1)
	if node > 0 {
		return fmt.Sprintf("# Server\r\nrun_id:%s\r\n# Replication\r\nrole:slave\r\nmaster_host:%s\r\nmaster_port:%s\r\n"+
			"master_link_status:up\r\nslave_priority:100\r\nslave_repl_offset:123456789\r\n", runID, nodeIP(master, 0), d.port)
	}
	var text strings.Builder
	text.WriteString("# Server\r\nrun_id:" + runID + "\r\n# Replication\r\nrole:master\r\n")
	for i := range replicasEach {
		fmt.Fprintf(&text, "slave%d:ip=%s,port=%s,state=online,offset=123456789,lag=0\r\n", i, nodeIP(master, i+1), d.port)
	}
	return text.String()
}
