package sentinel

import (
	"net"
	"strings"
)

// Copies are of the texts that the replies of a Sentinel repeat at each snapshot, in the same order: names, addresses
// and ids. So snapshots keep no reply in memory, and need no memory of their own for what has not changed. Nil copies
// each text.
type copies struct {
	list []string          // of the last snapshot, and up to next of this one
	next int               // place of the next text
	made map[string]string // for this snapshot; nil until a text is not the one of the last one
}

const (
	longestShared = 128 // bytes of a text that is kept from one snapshot to the next
	manyMasters   = 16  // a Sentinel with fewer has too little to keep
)

// of returns a text that shares no memory with this one.
func (c *copies) of(text string) string {
	if c == nil || text == "" || len(text) > longestShared {
		return strings.Clone(text)
	}
	if c.next < len(c.list) && c.list[c.next] == text {
		c.next++
		return c.list[c.next-1]
	}
	if c.made == nil {
		c.made = make(map[string]string)
	}
	made, found := c.made[text]
	if !found {
		made = strings.Clone(text)
		c.made[made] = made
	}
	return c.add(made)
}

// add puts a text in the next place.
func (c *copies) add(text string) string {
	if c.next < len(c.list) {
		c.list[c.next] = text
	} else {
		c.list = append(c.list, text)
	}
	c.next++
	return text
}

// address is of what net.JoinHostPort returns.
func (c *copies) address(host, port string) string {
	if c != nil && c.next < len(c.list) && isAddress(c.list[c.next], host, port) {
		c.next++
		return c.list[c.next-1]
	}
	return c.of(net.JoinHostPort(host, port))
}

// begin is to be called before each snapshot, and when it begins anew.
func (c *copies) begin() {
	if c != nil {
		c.next, c.made = 0, nil
	}
}

// after returns the copies for the snapshot after one of so many masters.
func (c *copies) after(masters int) *copies {
	switch {
	case masters < manyMasters:
		return nil
	case c == nil:
		return new(copies)
	}
	c.list, c.made = c.list[:c.next:c.next], nil
	return c
}

// keep copies what is of the reply, and sets Addr.
func (in *Instance) keep(c *copies) {
	in.Addr, in.RunID = c.address(in.Host, in.Port), c.of(in.RunID)
	if len(in.Addr) == len(in.Host)+len(":")+len(in.Port) { // without the brackets of IPv6
		in.Host, in.Port = in.Addr[:len(in.Host)], in.Addr[len(in.Host)+len(":"):]
	} else {
		in.Host, in.Port = c.of(in.Host), c.of(in.Port)
	}
	switch in.Name {
	case in.Addr: // of a replica
		in.Name = in.Addr
	case in.RunID: // of a Sentinel
		in.Name = in.RunID
	default:
		in.Name = c.of(in.Name)
	}
	for i, word := range in.UnknownFlags {
		in.UnknownFlags[i] = c.of(word)
	}
}

func (m *Master) keep(c *copies) {
	m.Instance.keep(c)
	m.RoleReported = c.of(m.RoleReported)
	m.NotificationScript, m.ReconfigScript = c.of(m.NotificationScript), c.of(m.ReconfigScript)
}

func (r *Replica) keep(c *copies) {
	r.Instance.keep(c)
	r.RoleReported, r.MasterHost, r.MasterPort = c.of(r.RoleReported), c.of(r.MasterHost), c.of(r.MasterPort)
}

func (p *Peer) keep(c *copies) {
	p.Instance.keep(c)
	p.VotedLeader = c.of(p.VotedLeader)
}

func (q *CKQuorum) keep(c *copies) { q.Text = c.of(q.Text) }

func (i *Info) keep(c *copies) {
	i.Version, i.RunID = c.of(i.Version), c.of(i.RunID)
	for k := range i.CPU {
		i.CPU[k].Mode = c.of(i.CPU[k].Mode)
	}
}

func (i *CachedInfo) keep(c *copies) {
	i.RunID, i.Version, i.Role, i.ReplicationID = c.of(i.RunID), c.of(i.Version), c.of(i.Role), c.of(i.ReplicationID)
	i.FailoverState, i.PausedReason = c.of(i.FailoverState), c.of(i.PausedReason)
	i.MasterAddr, i.MaxMemoryPolicy = c.of(i.MasterAddr), c.of(i.MaxMemoryPolicy)
}
