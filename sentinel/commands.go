package sentinel

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Masters asks for the masters that the Sentinel monitors, without their
// replicas and peers (SENTINEL MASTERS).
func (c *Client) Masters(ctx context.Context) ([]Master, error) {
	return query(ctx, c, parseMasters, "SENTINEL", "MASTERS")
}

// Master asks for one master, without its replicas and peers (SENTINEL MASTER).
// The name is matched exactly. The error is ErrNoSuchMaster for a name that the
// Sentinel does not monitor.
func (c *Client) Master(ctx context.Context, name string) (*Master, error) {
	return query(ctx, c, parseMaster, "SENTINEL", "MASTER", name)
}

// Replicas asks for the replicas of a master, without those that are not
// announced (SENTINEL REPLICAS, or SLAVES before Redis 5.0).
func (c *Client) Replicas(ctx context.Context, name string) ([]Replica, error) {
	replicas, err := query(ctx, c, parseReplicas, "SENTINEL", "REPLICAS", name)
	if errors.Is(err, errUnknownCommand) {
		return query(ctx, c, parseReplicas, "SENTINEL", "SLAVES", name)
	}
	return replicas, err
}

// replicasWord returns the subcommand that this Sentinel knows.
func (c *Client) replicasWord() string {
	if c.slaves {
		return "SLAVES"
	}
	return "REPLICAS"
}

// Sentinels asks for the other Sentinels of a master (SENTINEL SENTINELS).
func (c *Client) Sentinels(ctx context.Context, name string) ([]Peer, error) {
	return query(ctx, c, parsePeers, "SENTINEL", "SENTINELS", name)
}

// CKQuorum asks whether enough Sentinels are usable for a failover (SENTINEL CKQUORUM). If
// there are not, that is an answer, not an error.
func (c *Client) CKQuorum(ctx context.Context, name string) (*CKQuorum, error) {
	return query(ctx, c, readCKQuorum, "SENTINEL", "CKQUORUM", name)
}

// MasterAddr asks for the address of a master, as host:port (SENTINEL
// GET-MASTER-ADDR-BY-NAME). It is absent for a name that the Sentinel does not
// monitor, which is no error.
func (c *Client) MasterAddr(ctx context.Context, name string) (Optional[string], error) {
	return query(ctx, c, parseMasterAddr, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
}

func parseMasterAddr(raw string) (Optional[string], error) {
	r := reply{raw}
	if r.isNil() {
		return Optional[string]{}, r.end()
	}
	if n, err := r.array(); err != nil || n != 2 {
		return Optional[string]{}, errMalformed
	}
	host, err := r.text()
	if err != nil {
		return Optional[string]{}, err
	}
	port, err := r.text()
	if err != nil {
		return Optional[string]{}, err
	}
	if host != "" && !isHost(host) || !isPort(port) {
		return Optional[string]{}, fmt.Errorf("%w: %q is no address", errMalformed, clip(host+" "+port))
	}
	return Some(address(host, port)), r.end()
}

// Info asks for the Sentinel's own state (INFO).
func (c *Client) Info(ctx context.Context) (*Info, error) {
	return query(ctx, c, readInfo, "INFO")
}

// MyID asks for the lasting identity of the Sentinel (SENTINEL MYID, from Redis
// 6.2 on).
func (c *Client) MyID(ctx context.Context) (string, error) {
	return query(ctx, c, readText, "SENTINEL", "MYID")
}

// InfoCache asks for the cached INFO of a master and its replicas (SENTINEL INFO-CACHE). It
// takes one name, because the number of elements in a reply about several is not known
// beforehand.
func (c *Client) InfoCache(ctx context.Context, name string) ([]CachedInfo, error) {
	return query(ctx, c, func(raw string) ([]CachedInfo, error) { return parseInfoCache(raw, name) },
		"SENTINEL", "INFO-CACHE", name)
}

// Ping checks that the Sentinel answers (PING).
func (c *Client) Ping(ctx context.Context) error {
	_, err := query(ctx, c, readPong, "PING")
	return err
}

func readPong(raw string) (string, error) {
	text, err := readText(raw)
	if err == nil && text != "PONG" {
		err = errMalformed
	}
	return text, err
}

// query sends a command that changes nothing and reads its reply.
func query[T any](ctx context.Context, c *Client, parse func(raw string) (T, error), args ...any) (T, error) {
	var answer T
	raw, err := c.ask(ctx, args...)
	if err != nil {
		return answer, err
	}
	if refused := readAnswer(c, raw, args, parse, &answer); refused != nil {
		return answer, refused
	}
	return answer, nil
}

// A PendingScript is a notification or reconfiguration script that runs or waits.
type PendingScript struct {
	Argv     []string
	Running  bool     // otherwise it is scheduled
	PID      int64    // 0 when scheduled
	RunTime  Duration // of a running one
	RunDelay Duration // until a scheduled one runs
	Retries  int64    // runs so far
}

// PendingScripts asks for the queue of scripts (SENTINEL PENDING-SCRIPTS).
func (c *Client) PendingScripts(ctx context.Context) ([]PendingScript, error) {
	return query(ctx, c, parsePendingScripts, "SENTINEL", "PENDING-SCRIPTS")
}

func parsePendingScripts(raw string) ([]PendingScript, error) {
	return instances(raw, readPendingScript)
}

// readPendingScript parses a flat array of names and values. The value of argv is an array.
func readPendingScript(r *reply, s *PendingScript) error {
	n, err := r.array()
	if err != nil {
		return err
	}
	if n < 0 || n%2 != 0 {
		return errMalformed
	}
	for range n / 2 {
		name, err := r.text()
		if err != nil {
			return err
		}
		if name == "argv" {
			if s.Argv, err = r.texts(); err != nil {
				return err
			}
			continue
		}
		value, err := r.text()
		if err != nil {
			return err
		}
		if err := s.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *PendingScript) set(name, value string) (err error) {
	var n Number
	switch name {
	case "flags":
		s.Running = strings.Contains(value, "running")
	case "pid":
		n, err = number(name, value)
		s.PID = n.Value
	case "run-time":
		s.RunTime, err = millis(name, value)
	case "run-delay":
		s.RunDelay, err = millis(name, value)
	case "retry-num":
		n, err = number(name, value)
		s.Retries = n.Value
	}
	return err
}
