package sentineltest

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"strconv"
)

// FakeConfig says what a Fake pretends to watch. Its zero value is one master "mymaster" with no replica and no peer.
type FakeConfig struct {
	Listen   string           // address to listen on; default a free port of 127.0.0.1
	Masters  int              // default 1, None for none
	Replicas int              // of each master
	Peers    int              // other Sentinels, the same for every master
	Name     func(int) string // of the i-th master; default "mymaster" if there is one, else "master-0", "master-1", ...
	ID       string           // what SENTINEL MYID answers; default some 40 hex digits
	Info     string           // all of INFO; default that of Redis 7.0.15 with these masters
	TLS      *tls.Config      // what clients have to speak; nil for none

	// Behind is the address of a real Sentinel. It answers whatever no Script does; nothing is pretended then.
	Behind string

	// Edit may change any row before it is sent, or drop it by returning nil. The kind is "master", "slave" or "sentinel".
	Edit func(kind, master string, row Row) Row
}

func (c FakeConfig) withDefaults() FakeConfig {
	c.Masters = count(c.Masters, 1)
	c.ID = orDefault(c.ID, fakeID("this sentinel"))
	if c.Name == nil && c.Masters == 1 {
		c.Name = func(int) string { return "mymaster" }
	}
	if c.Name == nil {
		c.Name = func(i int) string { return fmt.Sprintf("master-%d", i) }
	}
	if c.Edit == nil {
		c.Edit = func(_, _ string, row Row) Row { return row }
	}
	return c
}

// A fakeMaster is all that is said about one master.
type fakeMaster struct {
	name      string
	row       Row
	replicas  []Row
	sentinels []Row
}

// masters returns the healthy deployment that the configuration describes, as edited.
func (c FakeConfig) masters() []fakeMaster {
	masters := make([]fakeMaster, 0, c.Masters)
	for i := range c.Masters {
		m := fakeMaster{name: c.Name(i)}
		if m.row = c.Edit("master", m.name, c.masterRow(i)); m.row == nil {
			continue
		}
		for j := range c.Replicas {
			if row := c.Edit("slave", m.name, replicaRow(i, j)); row != nil {
				m.replicas = append(m.replicas, row)
			}
		}
		for j := range c.Peers {
			if row := c.Edit("sentinel", m.name, c.peerRow(j)); row != nil {
				m.sentinels = append(m.sentinels, row)
			}
		}
		masters = append(masters, m)
	}
	return masters
}

const (
	fakeNodePort     = 6379
	fakeSentinelPort = 26379
)

// fakeIP is the address of a master's node: 0 is the master. There are enough for 65000 masters.
func fakeIP(master, node int) string {
	return fmt.Sprintf("10.%d.%d.%d", master/256%256, master%256, node+1)
}

func fakeID(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:20])
}

// head is what all three kinds of rows begin with, as in a healthy deployment.
func head(name, ip string, port int, runID, flags string) Row {
	return Row{
		{"name", name},
		{"ip", ip},
		{"port", strconv.Itoa(port)},
		{"runid", runID},
		{"flags", flags},
		{"link-pending-commands", "0"},
		{"link-refcount", "1"},
		{"last-ping-sent", "0"},
		{"last-ok-ping-reply", "307"},
		{"last-ping-reply", "307"},
		{"down-after-milliseconds", "30000"},
	}
}

func (c FakeConfig) masterRow(i int) Row {
	ip := fakeIP(i, 0)
	return append(head(c.Name(i), ip, fakeNodePort, fakeID(ip), "master"), Row{
		{"info-refresh", "3771"},
		{"role-reported", "master"},
		{"role-reported-time", "2387000"},
		{"config-epoch", "7"},
		{"num-slaves", strconv.Itoa(c.Replicas)},
		{"num-other-sentinels", strconv.Itoa(c.Peers)},
		{"quorum", strconv.Itoa(c.quorum())},
		{"failover-timeout", "180000"},
		{"parallel-syncs", "1"},
	}...)
}

func (c FakeConfig) quorum() int { return (c.Peers+1)/2 + 1 }

func replicaRow(i, j int) Row {
	ip := fakeIP(i, 1+j)
	return append(head(fmt.Sprintf("%s:%d", ip, fakeNodePort), ip, fakeNodePort, fakeID(ip), "slave"), Row{
		{"info-refresh", "5142"},
		{"role-reported", "slave"},
		{"role-reported-time", "2387000"},
		{"master-link-down-time", "0"},
		{"master-link-status", "ok"},
		{"master-host", fakeIP(i, 0)},
		{"master-port", strconv.Itoa(fakeNodePort)},
		{"slave-priority", "100"},
		{"slave-repl-offset", "74143"},
		{"replica-announced", "1"},
	}...)
}

func (c FakeConfig) peerRow(j int) Row {
	ip := fmt.Sprintf("10.255.%d.%d", j/256%256, j%256)
	id := fakeID(ip)
	return append(head(id, ip, fakeSentinelPort, id, "sentinel").With("link-refcount", strconv.Itoa(c.Masters)), Row{
		{"last-hello-message", "1504"},
		{"voted-leader", "?"},
		{"voted-leader-epoch", "0"},
	}...)
}
