package sentinel

import (
	"context"
	"errors"
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

// Sentinels asks for the other Sentinels of a master (SENTINEL SENTINELS).
func (c *Client) Sentinels(ctx context.Context, name string) ([]Peer, error) {
	return query(ctx, c, parsePeers, "SENTINEL", "SENTINELS", name)
}

// CKQuorum asks whether enough Sentinels are usable for a failover (SENTINEL CKQUORUM). If
// there are not, that is an answer, not an error.
func (c *Client) CKQuorum(ctx context.Context, name string) (*CKQuorum, error) {
	return query(ctx, c, readCKQuorum, "SENTINEL", "CKQUORUM", name)
}

// Info asks for the Sentinel's own state (INFO).
func (c *Client) Info(ctx context.Context) (*Info, error) {
	return query(ctx, c, readInfo, "INFO")
}

// MyID asks for the lasting identity of the Sentinel (SENTINEL MYID, from Redis
// 6.2 on).
func (c *Client) MyID(ctx context.Context) (string, error) {
	return query(ctx, c, readID, "SENTINEL", "MYID")
}

// InfoCache asks for the cached INFO of a master and its replicas (SENTINEL INFO-CACHE). It
// takes one name, because the number of elements in a reply about several is not known
// beforehand.
func (c *Client) InfoCache(ctx context.Context, name string) ([]CachedInfo, error) {
	return query(ctx, c, func(raw string) ([]CachedInfo, error) { return parseInfoCache(raw, name) },
		"SENTINEL", "INFO-CACHE", name)
}

// Subscribers counts the clients that subscribe to the events of the Sentinel (CLIENT LIST TYPE
// pubsub). A Sentinel from Redis 8.0 or Valkey 8.1 on says it in INFO as well.
func (c *Client) Subscribers(ctx context.Context) (int, error) {
	return query(ctx, c, func(raw string) (int, error) {
		text, err := readText(raw)
		return strings.Count(text, "\n"), err
	}, "CLIENT", "LIST", "TYPE", "pubsub")
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
