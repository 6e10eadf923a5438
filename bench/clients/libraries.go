// Package clients measures what client libraries lose while somebody operates the deployment
// that they write to. docs/clients.md has the results.
package clients

import (
	"context"
	"time"

	"github.com/FZambia/sentinel/v2"
	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"
)

// A library opens a client of a master that the Sentinels at some addresses know, as its
// documentation shows it and otherwise with its defaults. set sends one SET.
type library struct {
	name string
	open func(ctx context.Context, master string, sentinels []string) (set func(ctx context.Context, key, value string) error, closing func(), err error)
}

func libraries() []library {
	return []library{
		{"go-redis", openGoRedis},
		{"rueidis", openRueidis},
		{"valkey-go", openValkeyGo},
		{"redigo", openRedigo},
		{"radix", openRadix},
		{"node-redis", openNodeRedis},
	}
}

type setter = func(ctx context.Context, key, value string) error

func openGoRedis(_ context.Context, master string, sentinels []string) (setter, func(), error) {
	client := goredis.NewFailoverClient(&goredis.FailoverOptions{MasterName: master, SentinelAddrs: sentinels})
	set := func(ctx context.Context, key, value string) error { return client.Set(ctx, key, value, 0).Err() }
	return set, func() { _ = client.Close() }, nil
}

func openRueidis(_ context.Context, master string, sentinels []string) (setter, func(), error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: sentinels, Sentinel: rueidis.SentinelOption{MasterSet: master}})
	if err != nil {
		return nil, nil, err
	}
	set := func(ctx context.Context, key, value string) error {
		return client.Do(ctx, client.B().Set().Key(key).Value(value).Build()).Error()
	}
	return set, client.Close, nil
}

func openValkeyGo(_ context.Context, master string, sentinels []string) (setter, func(), error) {
	client, err := valkey.NewClient(valkey.ClientOption{InitAddress: sentinels, Sentinel: valkey.SentinelOption{MasterSet: master}})
	if err != nil {
		return nil, nil, err
	}
	set := func(ctx context.Context, key, value string) error {
		return client.Do(ctx, client.B().Set().Key(key).Value(value).Build()).Error()
	}
	return set, client.Close, nil
}

// openRedigo opens redigo's pool with FZambia/sentinel, which checks the role of a connection that
// has been idle before it hands it out.
func openRedigo(_ context.Context, master string, sentinels []string) (setter, func(), error) {
	finder := &sentinel.Sentinel{
		Addrs: sentinels, MasterName: master,
		Dial: func(addr string) (redis.Conn, error) {
			return redis.Dial("tcp", addr, redis.DialConnectTimeout(time.Second), redis.DialReadTimeout(time.Second))
		},
	}
	pool := &redis.Pool{
		MaxIdle: 3,
		Dial: func() (redis.Conn, error) {
			addr, err := finder.MasterAddr()
			if err != nil {
				return nil, err
			}
			return redis.Dial("tcp", addr)
		},
	}
	set := func(ctx context.Context, key, value string) error {
		conn, err := pool.GetContext(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		_, err = redis.DoContext(conn, ctx, "SET", key, value)
		return err
	}
	return set, func() { _ = pool.Close(); _ = finder.Close() }, nil
}

func openRadix(ctx context.Context, master string, sentinels []string) (setter, func(), error) {
	client, err := radix.SentinelConfig{}.New(ctx, master, sentinels)
	if err != nil {
		return nil, nil, err
	}
	set := func(ctx context.Context, key, value string) error {
		return client.Do(ctx, radix.FlatCmd(nil, "SET", key, value))
	}
	return set, func() { _ = client.Close() }, nil
}
