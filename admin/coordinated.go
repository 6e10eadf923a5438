package admin

import (
	"errors"
	"fmt"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

const checkNotCoordinated = "failover_not_coordinated"

// errNoAccount is why nobody knows what the data nodes permit.
var errNoAccount = errors.New("no data node is asked: " + datanode.GiveAccount)

// uncoordinated looks for what keeps a failover from being coordinated, as far as the Sentinels tell.
func uncoordinated(op *Operation, s *assessment) []health.Finding {
	var found []health.Finding
	for _, v := range s.views(op.Master) {
		if why := cannotCoordinate(v.Snapshot.Info); why != "" {
			f := about(op, checkNotCoordinated, uncoordinatedHint, "the Sentinel %s cannot coordinate a failover: %s", v.Snapshot.Sentinel, why)
			f.Sentinel = v.Snapshot.Sentinel
			found = append(found, f)
		}
		if master := v.CachedInfo(&v.Instance); master != nil {
			if why := faultyFailover(master.Product, master.Version); why != "" && len(found) == 0 {
				found = append(found, about(op, checkNotCoordinated, uncoordinatedHint, "the master %s cannot hand over: %s", v.Advertised(), why))
			}
		}
	}
	return found
}

const uncoordinatedHint = "Upgrade it, or fail over without --coordinated (coordinated=true): that loses writes."

// handoverRefused is about what the master does not permit.
func handoverRefused(op *Operation, refused string) health.Finding {
	return about(op, checkNotCoordinated, "Permit its user +failover, +client|pause and +client|unpause on every node, or fail over without --coordinated (coordinated=true): that loses writes.",
		"%s, and nothing would happen until failover-timeout", refused)
}

// cannotCoordinate says why a Sentinel does not coordinate a failover; empty if it does.
func cannotCoordinate(info *sentinel.Info) string {
	switch {
	case info == nil:
		return "its version is not known"
	case info.Product != "valkey" || !atLeast(info.Version, 9, 0, 0):
		return fmt.Sprintf("it is %s %s, and only Valkey from 9.0 on does", info.Product, info.Version)
	}
	return faultyFailover(info.Product, info.Version)
}

// faultyFailover says what is wrong with the coordinated failover of a release; empty if nothing is.
func faultyFailover(product, version string) string {
	switch {
	case product != "valkey" && !atLeast(version, 6, 2, 0):
		return "it has no FAILOVER, which Redis has from 6.2 on"
	case product != "valkey":
	case version == "9.0.0":
		return "in Valkey 9.0.0 the permissions that the Sentinels are told to have lack +failover; 9.0.1 has it"
	case version == "9.1.0":
		return "Valkey 9.1.0 can crash in it; 9.1.1 does not"
	}
	return ""
}

// atLeast reports whether a version is at least this one. What is no version is not.
func atLeast(version string, major, minor, patch int) bool {
	var v [3]int
	if n, _ := fmt.Sscanf(version, "%d.%d.%d", &v[0], &v[1], &v[2]); n < 2 {
		return false
	}
	switch {
	case v[0] != major:
		return v[0] > major
	case v[1] != minor:
		return v[1] > minor
	}
	return v[2] >= patch
}

// coordinatedRisk says what a coordinated failover costs.
func coordinatedRisk(m *sentinel.Master) string {
	return fmt.Sprintf("No acknowledged write is lost. Clients cannot write while the replica catches up: usually for about 1 s, but for up to failover-timeout (%s) if it does not. Then their connections are closed.",
		m.FailoverTimeout.Or(3*time.Minute))
}

// abortWords says what an event that ends a failover means.
func abortWords(event string) string {
	switch event {
	case sentinel.EventAbortNoGoodSlave:
		return "no replica could be promoted"
	case sentinel.EventAbortSlaveTimeout:
		return "the replica did not become master within failover-timeout"
	case sentinel.EventAbortMasterTimeout:
		return "the master did not hand over within failover-timeout"
	case sentinel.EventAbortNotElected:
		return "the other Sentinels did not vote for the one that led it"
	}
	return ""
}
