package datanode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// The settings that are read.
const (
	MasterUser         = "masteruser"
	MasterAuth         = "masterauth"
	MinReplicasToWrite = "min-replicas-to-write"
	MinReplicasMaxLag  = "min-replicas-max-lag" // 0 turns that off
	Save               = "save"
	AppendOnly         = "appendonly"
	ProtectedMode      = "protected-mode"
	Bind               = "bind"
	AnnounceIP         = "replica-announce-ip"
	AnnouncePort       = "replica-announce-port"
	SlowerThan         = "slowlog-log-slower-than" // in microseconds
	SlowlogLength      = "slowlog-max-len"
	TLSPort            = "tls-port"
	Certificate        = "tls-cert-file"
	RDBVersionCheck    = "rdb-version-check" // Valkey from 8.1 on
	Port               = "port"
	TLSReplication     = "tls-replication"
	MaxMemory          = "maxmemory" // in bytes; 0 is none
	MaxMemoryPolicy    = "maxmemory-policy"
	SaveErrorStops     = "stop-writes-on-bgsave-error"
)

func settings() []string {
	return []string{
		MasterUser, MasterAuth, MinReplicasToWrite, MinReplicasMaxLag, Save, AppendOnly, ProtectedMode, Bind, AnnounceIP, AnnouncePort,
		SlowerThan, SlowlogLength, TLSPort, Certificate, RDBVersionCheck, Port, TLSReplication, MaxMemory, MaxMemoryPolicy, SaveErrorStops,
	}
}

// A Node is what a data node says of itself.
type Node struct {
	Product, Version string
	ClusterEnabled   bool
	// HasExpiringFields is that a database has hashes with fields that expire, of which Valkey tells from 9.0 on.
	HasExpiringFields bool
	// UsedMemory is what counts for maxmemory, in bytes.
	UsedMemory int64
	// SaveFailed is that the last RDB could not be saved, AppendFailed that the AOF could not be written.
	SaveFailed, AppendFailed bool
	// Settings has those that could be read. It holds a password: show none of it.
	Settings     map[string]string
	SettingsErr  error // why some are missing
	Sentinels    Sentinels
	SentinelsErr error
	// Slowest is how long the slowest command in the slowlog took, at SlowestAt; 0 if there is none.
	Slowest    time.Duration
	SlowestAt  time.Time
	SlowestErr error
	// Unknown has the commands that the node does not know by these names.
	Unknown    []string
	UnknownErr error
}

// Sentinels has the ACL user with which each Sentinel is connected, by the first 8 digits of the Sentinel's id.
type Sentinels map[string]string

// User returns the user of a Sentinel, by its whole id.
func (s Sentinels) User(id string) (user string, connected bool) {
	if len(id) < idDigits {
		return "", false
	}
	user, connected = s[id[:idDigits]]
	return user, connected
}

// idDigits is how many digits of its id a Sentinel has in the names of its connections.
const idDigits = 8

// GiveAccount says how to get an account for the data nodes.
const GiveAccount = "give --node.username and --node.password-file, or a nodes: to the module of a named deployment"

// A Conn is a connection to a data node.
type Conn struct{ client *sentinel.Client }

// New returns a connection, which is made at the first call. The caller must close it.
func New(o sentinel.Options) *Conn { return &Conn{sentinel.NewClient(o)} }

// Close closes the connection.
func (c *Conn) Close() { c.client.Close() }

// read sends commands. Its error is in the words of a data node.
func (c *Conn) read(ctx context.Context, commands ...[]any) ([]sentinel.Reply, error) {
	replies, err := c.client.Read(ctx, commands...)
	if failure, ok := errors.AsType[*sentinel.Error](err); ok {
		return nil, fmt.Errorf("%s: %w", failure.Reason, failure.Err)
	}
	return replies, err
}

// Look asks the node for all that a Node has. It reports which of some commands the node does not
// know. The error means that the node could not be asked at all.
func (c *Conn) Look(ctx context.Context, commands []string) (*Node, error) {
	batch := [][]any{{"INFO"}, listSentinels(), {"SLOWLOG", "GET", 128}}
	for _, name := range commands {
		batch = append(batch, []any{"COMMAND", "INFO", name})
	}
	for _, name := range settings() {
		batch = append(batch, []any{"CONFIG", "GET", name})
	}
	replies, err := c.read(ctx, batch...)
	if err != nil {
		return nil, err
	}
	n := &Node{Settings: make(map[string]string)}
	if err := n.readInfo(replies[0]); err != nil {
		return nil, fmt.Errorf("INFO: %w", err)
	}
	n.Sentinels, n.SentinelsErr = sentinelsIn(replies[1])
	n.readCommands(commands, replies[3:])
	n.readSettings(replies[3+len(commands):])
	n.readSlowlog(replies[2])
	return n, nil
}

// Sentinels asks the node for the Sentinels that are connected to it.
func (c *Conn) Sentinels(ctx context.Context) (Sentinels, error) {
	replies, err := c.read(ctx, listSentinels())
	if err != nil {
		return nil, err
	}
	return sentinelsIn(replies[0])
}

// listSentinels asks for the connections on which a Sentinel listens to the node.
func listSentinels() []any { return []any{"CLIENT", "LIST", "TYPE", "pubsub"} }

func (n *Node) readInfo(r sentinel.Reply) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	n.Product = "redis"
	var uncounted int64 // of the memory: buffers for replicas and the AOF
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "redis_version":
			if n.Product == "redis" {
				n.Version = sentinel.ValidUTF8(value)
			}
		case "valkey_version":
			n.Product, n.Version = "valkey", sentinel.ValidUTF8(value)
		case "cluster_enabled":
			n.ClusterEnabled = value == "1"
		case "used_memory":
			n.UsedMemory, _ = strconv.ParseInt(value, 10, 64) // 0 is below every limit
		case "mem_not_counted_for_evict":
			uncounted, _ = strconv.ParseInt(value, 10, 64)
		case "rdb_last_bgsave_status":
			n.SaveFailed = value == "err"
		case "aof_last_write_status":
			n.AppendFailed = value == "err"
		}
		if isDatabase(name) && expiringFields(value) {
			n.HasExpiringFields = true
		}
	}
	n.UsedMemory -= uncounted
	return nil
}

// isDatabase reports whether a field of INFO is about one, such as db0.
func isDatabase(name string) bool {
	number, is := strings.CutPrefix(name, "db")
	_, err := strconv.ParseUint(number, 10, 32)
	return is && err == nil
}

func expiringFields(database string) bool {
	for field := range strings.SplitSeq(database, ",") {
		if n, is := strings.CutPrefix(field, "keys_with_volatile_items="); is {
			return n != "0"
		}
	}
	return false
}

// sentinelsIn finds the Sentinels in CLIENT LIST: each names its connections sentinel-ID-cmd and
// sentinel-ID-pubsub, and has the same user on both.
func sentinelsIn(r sentinel.Reply) (Sentinels, error) {
	text, err := r.Text()
	if err != nil {
		return nil, fmt.Errorf("CLIENT LIST: %w", err)
	}
	found := make(Sentinels)
	for line := range strings.Lines(text) {
		var id, user string
		for field := range strings.FieldsSeq(line) {
			switch name, value, _ := strings.Cut(field, "="); name {
			case "name":
				if rest, ok := strings.CutPrefix(value, "sentinel-"); ok {
					id, _, _ = strings.Cut(rest, "-")
				}
			case "user":
				user = value
			}
		}
		if id != "" {
			found[id] = user
		}
	}
	return found, nil
}

func (n *Node) readCommands(names []string, replies []sentinel.Reply) {
	for i, name := range names {
		found, err := replies[i].Elements()
		switch {
		case err != nil:
			n.UnknownErr = fmt.Errorf("COMMAND INFO: %w", err)
		case len(found) == 1 && found[0].IsNil():
			n.Unknown = append(n.Unknown, name)
		}
	}
}

func (n *Node) readSettings(replies []sentinel.Reply) {
	for i, name := range settings() {
		pair, err := replies[i].Elements()
		if err == nil && len(pair) == 2 {
			if n.Settings[name], err = pair[1].Text(); err == nil {
				continue
			}
		}
		if err == nil {
			continue // this version has no such setting
		}
		n.SettingsErr = fmt.Errorf("CONFIG GET: %w", err)
	}
}

// readSlowlog reads how long the commands took, and not what they were: that is data.
func (n *Node) readSlowlog(r sentinel.Reply) {
	entries, err := r.Elements()
	if err == nil && strings.HasPrefix(n.Settings[SlowerThan], "-") {
		err = errors.New(SlowerThan + " is negative: it records none")
	}
	if err == nil && n.Settings[SlowlogLength] == "0" {
		err = errors.New(SlowlogLength + " is 0: it keeps none")
	}
	for _, entry := range entries { // Valkey still has those from before it kept none
		fields, entryErr := entry.Elements()
		if entryErr != nil || len(fields) < 3 {
			err = cmp.Or(err, entryErr)
			break
		}
		at, atErr := numberIn(fields[1])
		took, tookErr := numberIn(fields[2])
		if entryErr := errors.Join(atErr, tookErr); entryErr != nil {
			err = cmp.Or(err, entryErr)
			break
		}
		if d := time.Duration(took) * time.Microsecond; d > n.Slowest {
			n.Slowest, n.SlowestAt = d, time.Unix(at, 0).UTC()
		}
	}
	if err != nil {
		n.SlowestErr = fmt.Errorf("SLOWLOG GET: %w", err)
	}
}

func numberIn(r sentinel.Reply) (int64, error) {
	text, err := r.Text()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
