package sentineltest

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// Version is what a server binary says it is.
type Version struct {
	Product      string // "redis" or "valkey"
	Major, Minor int
	Text         string // as printed, "7.0.15"
}

// AtLeast reports whether the server has the features of the given version of Redis. Every Valkey has those of 7.2.
func (v Version) AtLeast(major, minor int) bool {
	if v.Product == "valkey" {
		return major < 7 || major == 7 && minor <= 2
	}
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// ProductOf returns the product and its own version from the fields of an INFO. A Valkey's redis_version is only that of
// the Redis that it can stand for.
func ProductOf(info map[string]string) (product, version string) {
	if own := info["valkey_version"]; own != "" {
		return "valkey", own
	}
	return "redis", info["redis_version"]
}

// ServerVersion returns the version of the server that Run starts by default.
func ServerVersion(ctx context.Context) (Version, error) {
	binary, err := findProgram("", "REDIS_SERVER", "redis-server")
	if err != nil {
		return Version{}, err
	}
	return askVersion(ctx, binary)
}

func askVersion(ctx context.Context, binary string) (Version, error) {
	out, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return Version{}, fmt.Errorf("sentineltest: asking %s for its version: %w", binary, err)
	}
	return parseVersion(string(out))
}

// parseVersion reads a line such as "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64".
func parseVersion(line string) (Version, error) {
	m := regexp.MustCompile(`^(\w+) server v=((\d+)\.(\d+)\S*)`).FindStringSubmatch(line)
	if m == nil {
		return Version{}, fmt.Errorf("sentineltest: cannot read the server's version from %q", line)
	}
	major, err := strconv.Atoi(m[3])
	if err != nil {
		return Version{}, fmt.Errorf("sentineltest: the server's major version: %w", err)
	}
	minor, err := strconv.Atoi(m[4])
	if err != nil {
		return Version{}, fmt.Errorf("sentineltest: the server's minor version: %w", err)
	}
	return Version{Product: strings.ToLower(m[1]), Major: major, Minor: minor, Text: m[2]}, nil
}
