package preflight

import (
	"fmt"

	"redis_sentinel_exporter/health"
)

// rdbVersion returns the version of the RDB files that a server writes, 0 if it is not known. Those of Redis
// 6.0, 7.0, 8.0 and 8.6 and of Valkey 8.1 and 9.1 were measured: DUMP ends in it.
func rdbVersion(product, version string) int {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n < 2 {
		return 0
	}
	switch {
	case product == "valkey" && major == 9:
		return 80
	case product == "valkey" && (major == 8 || major == 7 && minor == 2):
		return 11
	case product != "redis":
	case major == 8 && minor == 6:
		return 13
	case major == 8 && minor == 0, major == 7 && minor == 4:
		return 12
	case major == 7 && minor == 2:
		return 11
	case major == 7 && minor == 0:
		return 10
	case major == 5, major == 6:
		return 9
	}
	return 0
}

// reads reports whether a server that writes one version of RDB can read another. Valkey 9 refuses the
// versions that Redis has made since it left.
func reads(own, other int) bool { return other <= own && (own != 80 || other <= 11 || other == 80) }

func lookAtRDB(f *flight, o *outcome) {
	f.asked(o, func(leader *node) {
		if !leader.heir {
			return
		}
		for _, follower := range f.nodes {
			if follower == leader || follower.Node == nil {
				continue
			}
			if follower.Product == leader.Product && follower.Version == leader.Version {
				continue
			}
			writes, own := rdbVersion(leader.Product, leader.Version), rdbVersion(follower.Product, follower.Version)
			switch {
			case writes == 0 || own == 0:
				o.cannotTell(fmt.Sprintf("which RDB versions %s (%s %s) and %s (%s %s) have is not known here",
					leader.addr, leader.Product, leader.Version, follower.addr, follower.Product, follower.Version))
			case !reads(own, writes):
				o.find(follower.about(health.Warning, "Upgrade the older node, or promote one of its version: set replica-priority 0 on the newer ones meanwhile.",
					"if %s (%s %s) were promoted, %s (%s %s) could not read its RDB (version %d, it reads up to %d): it can follow only as long as it needs no full copy, and an old master that took writes meanwhile needs one",
					leader.addr, leader.Product, leader.Version, follower.addr, follower.Product, follower.Version, writes, own))
			}
		}
	})
}
