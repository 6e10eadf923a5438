package preflight

import (
	"fmt"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/health"
)

// valkeyOwn is the version of RDB with which Valkey 9 went its own way. It refuses those that Redis has made since.
const valkeyOwn, lastCommon = 80, 11

// rdbVersion returns the version of the RDB files that a server writes, 0 if it is not known. Those of Redis
// 6.0, 7.0, 8.0 and 8.6 and of Valkey 8.1 and 9.1 were measured: DUMP ends in it.
func rdbVersion(product, version string) int {
	major, minor := numbers(version)
	switch {
	case product == "valkey" && major == 9:
		return valkeyOwn
	case product == "valkey" && (major == 8 || major == 7 && minor == 2):
		return lastCommon
	case product != "redis":
	case major == 8 && minor == 6:
		return 13
	case major == 8 && minor == 0, major == 7 && minor == 4:
		return 12
	case major == 7 && minor == 2:
		return lastCommon
	case major == 7 && minor == 0:
		return 10
	case major == 5, major == 6:
		return 9
	}
	return 0
}

// numbers returns the first two of a version, 0 if there are none.
func numbers(version string) (major, minor int) {
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n < 2 {
		return 0, 0
	}
	return major, minor
}

// before reports whether a version is known to be earlier than the first of a major one.
func before(version string, than int) bool {
	major, _ := numbers(version)
	return major > 0 && major < than
}

// reads reports whether a server that writes one version of RDB can read another.
func reads(own, other int) bool {
	return other <= own && (own != valkeyOwn || other <= lastCommon || other == valkeyOwn)
}

// upTo says what a server reads.
func upTo(own int) string {
	if own == valkeyOwn {
		return fmt.Sprintf("it reads up to %d, and %d", lastCommon, valkeyOwn)
	}
	return fmt.Sprintf("it reads up to %d", own)
}

func lookAtRDB(f *flight, o *outcome) {
	f.asked(o, func(leader *node) {
		if !leader.heir {
			return
		}
		for _, follower := range f.nodes {
			if follower == leader || follower.Node == nil || follower.Product == leader.Product && follower.Version == leader.Version {
				continue
			}
			lookAtRDBOf(leader, follower, o)
		}
	})
}

// lookAtRDBOf looks whether a full copy of one node can be read by another one.
func lookAtRDBOf(leader, follower *node, o *outcome) {
	sent, own := rdbVersion(leader.Product, leader.Version), rdbVersion(follower.Product, follower.Version)
	if sent == 0 || own == 0 {
		o.cannotTell(fmt.Sprintf("which RDB versions %s (%s %s) and %s (%s %s) have is not known here",
			leader.addr, leader.Product, leader.Version, follower.addr, follower.Product, follower.Version))
		return
	}
	if sent == valkeyOwn && own != valkeyOwn {
		// From 9.1 on it has a replica that is older, or no Valkey, in mind.
		switch _, minor := numbers(leader.Version); {
		case minor == 0:
			if own < lastCommon {
				break // neither way
			}
			o.cannotTell(fmt.Sprintf("whether Valkey 9.0 (%s) sends an RDB that %s (%s %s) can read is not known here", leader.addr, follower.addr, follower.Product, follower.Version))
			return
		case leader.HasExpiringFields:
		default:
			sent = lastCommon
		}
	}
	switch {
	case reads(own, sent):
	case own == valkeyOwn && follower.Settings[datanode.RDBVersionCheck] == "relaxed":
		o.cannotTell(fmt.Sprintf("%s tries to read any RDB (%s relaxed), also that of %s (%s %s), and fails at the first key of a kind that it does not know",
			follower.addr, datanode.RDBVersionCheck, leader.addr, leader.Product, leader.Version))
	case own == valkeyOwn && follower.SettingsErr != nil:
		o.cannotTell(fmt.Sprintf("%s: %v", follower.addr, follower.SettingsErr))
	default:
		what := ""
		if sent == valkeyOwn && reads(own, lastCommon) {
			what = fmt.Sprintf(", as there are hashes with fields that expire, without which it would be %d", lastCommon)
		}
		o.find(follower.about(health.Warning, "Upgrade the older node, or promote one of its version: set replica-priority 0 on the newer ones meanwhile.",
			"if %s (%s %s) were promoted, %s (%s %s) could not read its RDB (version %d%s; %s): it can follow only as long as it needs no full copy, and an old master that took writes meanwhile needs one",
			leader.addr, leader.Product, leader.Version, follower.addr, follower.Product, follower.Version, sent, what, upTo(own)))
	}
}
