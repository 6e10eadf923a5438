package health

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

func masterODown(m *masterModel) outcome {
	return m.down(sentinel.FlagODown, Critical, "objectively down (o_down)")
}

func masterSDown(m *masterModel) outcome { return m.down(sentinel.FlagSDown, Warning, "down (s_down)") }

// down finds Sentinels that have set one of the down flags. One that is in TILT does not
// update them.
func (m *masterModel) down(flag sentinel.Flags, severity Status, words string) outcome {
	down := deployment.Where(m.unfrozen(), func(v deployment.View) bool { return v.Flags.Has(flag) && !onlyByHand(v) })
	if len(down) == 0 {
		return m.notDown()
	}
	var o outcome
	for _, who := range byAddr(down) {
		var longest time.Duration
		for _, v := range who {
			longest = max(longest, v.SDownTime.Value)
		}
		o.add(Finding{
			Severity: severity, Node: who[0].Addr,
			Message: fmt.Sprintf("the master %s has been %s for %s, %s", who[0].Addr, words, Age(longest), say(who, len(m.Views))),
			Look:    append([]string{redisCLI(who[0].Addr, "PING")}, onEach(who[:1], "SENTINEL", "MASTER", m.Name)...),
		}, who...)
	}
	return o
}

// addrsOf returns the addresses at which Sentinels monitor the master.
func addrsOf(views []deployment.View) []string {
	addrs := make([]string, len(views))
	for i, v := range views {
		addrs[i] = v.Addr
	}
	return addrs
}

// notDown is the outcome if nobody considers the master down: fine only if some Sentinel
// would have noticed.
func (m *masterModel) notDown() outcome {
	switch {
	case slices.ContainsFunc(m.Views, hasReachedMaster):
		return fine()
	case !slices.ContainsFunc(m.Views, func(v deployment.View) bool { return !inTilt(v) }):
		return cannotTell("every Sentinel that monitors it is in TILT, and sees nothing go down")
	}
	return cannotTell("the Sentinels have just started and have not reached it yet")
}

// agreementMissing finds a master that most Sentinels consider down while none of them gets
// the agreement of the others.
func agreementMissing(m *masterModel) outcome {
	if !m.isDown() {
		return m.notDown()
	}
	var who []deployment.View
	for _, v := range m.unfrozen() {
		if v.Flags.Has(sentinel.FlagODown) || failingOver(v) {
			return fine()
		}
		if v.LacksAgreement() {
			who = append(who, v)
		}
	}
	if !m.isMost(who) {
		return fine()
	}
	longest := who[0].SDownTime.Value
	for _, v := range who {
		longest = max(longest, v.SDownTime.Value)
	}
	f := Finding{Severity: Critical, Node: who[0].Addr}
	var cause string
	cause, f.Look, f.Commands = m.withoutAgreement(who)
	f.Look = append([]string{redisCLI(who[0].Addr, "PING")}, f.Look...)
	switch {
	case !slices.ContainsFunc(m.Views, func(v deployment.View) bool { return promotable(v) > 0 }):
		f.Hint = "A failover by hand needs no agreement, but finds no replica to promote: see no_promotable_replica first."
	case len(m.byNode()) == 1 && !tooLateByHand(who): // failover refuses several nodes
		f.Commands = append([]string{failoverOn(m.Name, who)}, f.Commands...)
	}
	f.Message = fmt.Sprintf("the master %s has been down for %s, %s, and no failover starts, since they do not agree on that (o_down): %s",
		list(distinct(addrsOf(who))), Age(longest), say(who, len(m.Views)), cause)
	var o outcome
	o.add(f, who...)
	return o
}

// tooLateByHand reports whether a FAILOVER by hand would find no replica to promote: Valkey 9.1
// then takes none whose link has been down for longer than 10 times down-after, however long the
// master has been down; when it starts by itself it does, as all others do.
func tooLateByHand(who []deployment.View) bool {
	return slices.ContainsFunc(who, func(v deployment.View) bool {
		info := v.Snapshot.Info
		if info == nil || info.Product != "valkey" {
			return false
		}
		major, _, _ := strings.Cut(info.Version, ".")
		n, err := strconv.Atoi(major)
		// The link has been down for longer than the master is known to be, by about down-after.
		return err == nil && n >= 9 && v.SDownTime.Value > 9*v.DownAfter.Value
	})
}

// isMost reports whether these Sentinels are a majority; or all that answer, if none of them
// sees a quorum, because then it does not matter what the others think of the master.
func (m *masterModel) isMost(who []deployment.View) bool {
	if len(who) == 0 {
		return false
	}
	voters := len(m.model.asked)
	for _, v := range m.Views {
		voters = max(voters, int(m.sentinels(v)))
	}
	hasQuorum := slices.ContainsFunc(who, func(v deployment.View) bool {
		return v.CKQuorum == nil || v.CKQuorum.OK() && m.left(v).Value >= 0
	})
	return 2*len(who) > voters || len(who) == len(m.Views) && !hasQuorum
}

// withoutAgreement says what keeps Sentinels that consider the master down from agreeing on
// it, and returns the commands that show the cause and those that end it.
func (m *masterModel) withoutAgreement(who []deployment.View) (cause string, look, commands []string) {
	quorum := who[0].Quorum.Value
	for _, v := range who {
		quorum = min(quorum, v.Quorum.Value)
	}
	known := m.sentinels(who[0])
	if at := distinct(addrsOf(who)); len(at) > 1 {
		return "each answers only for the address at which it monitors the master, and these differ", onEach(who, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", m.Name), nil
	}
	if quorum > known {
		return fmt.Sprintf("the quorum is %d, and there %s", quorum, areOnly(int(known))), nil,
			onEach(who, "SENTINEL", "SET", m.Name, "quorum", fmt.Sprint(max(2, known/2+1)))
	}
	for _, v := range who {
		if v.CKQuorum != nil && !v.CKQuorum.QuorumReachable {
			return fmt.Sprintf("%d must, and Sentinel %s sees %s", v.Quorum.Value, v.Snapshot.Sentinel, count(int(v.CKQuorum.Usable), "usable Sentinel")),
				[]string{onSentinel(v.Snapshot, "SENTINEL", "SENTINELS", m.Name)}, nil
		}
	}
	for _, v := range who {
		if n := m.left(v); n.Present && n.Value < 0 {
			return fmt.Sprintf("Sentinel %s counts some that take no part", v.Snapshot.Sentinel), []string{onSentinel(v.Snapshot, "SENTINEL", "SENTINELS", m.Name)}, nil
		}
	}
	if int64(len(who)) < quorum {
		return fmt.Sprintf("the quorum is %d", quorum), onEach(who[:1], "SENTINEL", "MASTER", m.Name), nil
	}
	return "they answer each other's PING, and not the question whether it is down (SENTINEL IS-MASTER-DOWN-BY-ADDR)", onEach(who, "ACL", "LOG"), nil
}
