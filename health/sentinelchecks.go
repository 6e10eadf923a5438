package health

import (
	"errors"
	"fmt"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// refusal returns the first failure of a snapshot that is about our credentials.
func refusal(s *sentinel.Snapshot) *sentinel.Error {
	return failure(s, func(r sentinel.Reason) bool { return r == sentinel.ReasonAuth || r == sentinel.ReasonPermission })
}

// silence returns the first failure of a snapshot that is not about our credentials.
func silence(s *sentinel.Snapshot) *sentinel.Error {
	return failure(s, func(r sentinel.Reason) bool { return r != sentinel.ReasonAuth && r != sentinel.ReasonPermission })
}

func failure(s *sentinel.Snapshot, is func(sentinel.Reason) bool) *sentinel.Error {
	if masters, ok := errors.AsType[*sentinel.Error](s.Err); ok { // the reason why there is no data at all comes first
		if is(masters.Reason) {
			return masters
		}
		return nil
	}
	for _, f := range s.Failures {
		if is(f.Err.Reason) {
			return f.Err
		}
	}
	return nil
}

func sentinelUnreachable(d *model) outcome {
	var o outcome
	unreachable := 0
	for _, s := range d.asked {
		if !s.Up() && silence(s) != nil {
			unreachable++
		}
	}
	for _, s := range d.asked {
		err := silence(s)
		if err == nil {
			continue
		}
		f := Finding{Severity: Warning, Sentinel: s.Sentinel, Look: []string{onSentinel(s, "PING")}}
		f.Message = fmt.Sprintf("Sentinel %s answered only in part: %s: %s: %v", s.Sentinel, err.Command, err.Reason, err.Err)
		if !s.Up() {
			f.Message, f.Hint = silentBecause(s.Sentinel, err)
			if 2*unreachable > len(d.asked) {
				f.Severity = Critical
				f.Message += fmt.Sprintf("; %d of %s %s unreachable", unreachable, count(len(d.asked), "Sentinel"), are(unreachable))
			}
		}
		o.add(f)
	}
	return o
}

// silentBecause says why a Sentinel did not answer. If it answered with an error of its own,
// hint has the remedy; otherwise hint is empty, and the check's own applies.
func silentBecause(addr string, err *sentinel.Error) (message, hint string) {
	switch err.Reason {
	case sentinel.ReasonOther:
		text := err.Err.Error()
		return fmt.Sprintf("Sentinel %s refuses to answer: %s", addr, text), refusalHint(text)
	case sentinel.ReasonTLS:
		hint = "It is there, and no firewall is in the way. One that speaks only TLS needs --sentinel.tls, --sentinel.tls-ca-file where an authority of your own has signed its certificate, and a client certificate unless it has tls-auth-clients no."
	case sentinel.ReasonProtocol:
		hint = "Something answers there, and not as a Sentinel does: look at the port, and leave --sentinel.tls out for one without TLS."
	}
	return fmt.Sprintf("Sentinel %s did not answer: %s: %v", addr, err.Reason, err.Err), hint
}

// refusalHint is what to do about an error with which a Sentinel ends a connection.
func refusalHint(text string) string {
	switch {
	case strings.Contains(text, "max number of clients"):
		return "It has as many connections as its maxclients allows, and turns away clients and other Sentinels. Find out who opens them (ss -tn on its machine), or raise maxclients in its configuration file and start it again."
	case strings.HasPrefix(text, "DENIED"):
		return "Its protected mode lets in only clients of its own machine, since it has no password. Give it one (requirepass), or set protected-mode no in its configuration file, and start it again."
	}
	return ""
}

func sentinelAuth(d *model) outcome {
	var o outcome
	for _, s := range d.asked {
		err := refusal(s)
		if err == nil {
			continue
		}
		f := Finding{
			Severity: Critical, Sentinel: s.Sentinel,
			Message: fmt.Sprintf("Sentinel %s refused us: %s: %s: %v", s.Sentinel, err.Command, err.Reason, err.Err),
			Look:    []string{onSentinel(s, "ACL", "LOG")},
		}
		if errors.Is(err, sentinel.ErrNoCredentials) {
			f.Message = fmt.Sprintf("Sentinel %s was not asked: %v", s.Sentinel, err.Err)
			f.Look = []string{onSentinel(s, "PING")}
		}
		o.add(f)
	}
	return o
}

// sentinelIDDuplicate distinguishes a copied id from one process that is asked at two
// addresses, by the run id.
func sentinelIDDuplicate(d *model) outcome {
	var o outcome
	if len(d.up) == 0 {
		return nobody()
	}
	first := make(map[string]*sentinel.Snapshot)
	for _, s := range d.up {
		other := first[s.ID]
		if other == nil {
			d.givenWrongly(s, &o)
		}
		if s.ID == "" || other == nil { // before 6.2 a Sentinel does not tell its id
			first[s.ID] = s
			continue
		}
		f := Finding{
			Severity: Critical, Sentinel: s.Sentinel,
			Message: fmt.Sprintf("Sentinels %s and %s have one id, %s", other.Sentinel, s.Sentinel, s.ID),
			Look:    []string{onSentinel(other, "SENTINEL", "MYID"), onSentinel(s, "SENTINEL", "MYID")},
		}
		if s.Info != nil && other.Info != nil && s.Info.RunID == other.Info.RunID {
			f.Severity = Warning
			f.Message = fmt.Sprintf("%s and %s are one Sentinel, asked twice", other.Sentinel, s.Sentinel)
			f.Hint = "Give each Sentinel once, with --sentinel.address."
		}
		o.add(f)
	}
	d.givenElsewhere(&o)
	return o
}

// givenWrongly adds what is wrong with the lists of Sentinels if one that has answered is of another deployment.
func (d *model) givenWrongly(s *sentinel.Snapshot, o *outcome) {
	in := d.elsewhere
	if where := in.Sentinels[s.ID]; where != "" {
		o.add(Finding{
			Severity: Warning, Sentinel: s.Sentinel,
			Message: fmt.Sprintf("the Sentinel %s, with its id %s, is given for another deployment as well: %s", s.Sentinel, s.ID, where),
			Hint:    "If it is one Sentinel, give it for one deployment: a deployment is Sentinels, with all masters that they monitor. If it is two, one was copied: stop one of them, delete the line \"sentinel myid\" from its configuration file, and start it.",
			Look:    []string{onSentinel(s, "SENTINEL", "MYID")},
		})
	}
	if where := in.Strays[s.ID]; where != "" {
		o.add(Finding{
			Severity: Warning, Sentinel: s.Sentinel,
			Message: fmt.Sprintf("the Sentinel %s, which is given for this deployment, monitors the masters of another deployment: %s", s.Sentinel, where),
			Hint:    "In the configuration file, give each Sentinel for the deployment whose masters it monitors. If it is one of this deployment, somebody has made it monitor the other's masters: there REMOVE them, and MONITOR its own again.",
			Look:    []string{onSentinel(s, "SENTINEL", "MASTERS")},
		})
	}
}

// givenElsewhere adds the Sentinels of this deployment that are given for another one.
func (d *model) givenElsewhere(o *outcome) {
	seen := make(map[string]bool)
	for _, s := range d.up {
		for i := range s.Masters {
			for j := range s.Masters[i].Peers {
				p := &s.Masters[i].Peers[j]
				where := d.elsewhere.Given[p.RunID]
				if where == "" || seen[p.RunID] {
					continue
				}
				seen[p.RunID] = true
				o.add(Finding{
					Severity: Warning, Sentinel: p.Addr,
					Message: fmt.Sprintf("the Sentinel %s, which monitors the masters of this deployment, is given for another deployment: %s", p.Addr, where),
					Hint:    "In the configuration file, give each Sentinel for the deployment whose masters it monitors.",
					Look:    []string{onSentinel(s, "SENTINEL", "SENTINELS", s.Masters[i].Name)},
				})
			}
		}
	}
}

func sentinelTilt(d *model) outcome {
	return onInfo(d, (*sentinel.Snapshot).Tilt, func(s *sentinel.Snapshot) Finding {
		f := Finding{
			Severity: Warning,
			Message:  fmt.Sprintf("Sentinel %s is in TILT", s.Sentinel),
			Look:     []string{onSentinel(s, "INFO", "sentinel")},
		}
		if since := s.Info.TiltSince; since.Present {
			f.Message += " for " + Age(since.Value)
		}
		f.Message += ": it fails nothing over, and what it says is down or up is frozen"
		return f
	})
}

// nearLimit is the part of maxclients above which sentinelClientsNearLimit warns.
const nearLimit = 0.9

func sentinelClientsNearLimit(d *model) outcome {
	near := func(s *sentinel.Snapshot) bool {
		connected, limit := s.Info.ConnectedClients, s.Info.MaxClients
		return connected.Present && limit.Value > 0 && float64(connected.Value) > nearLimit*float64(limit.Value)
	}
	return onInfo(d, near, func(s *sentinel.Snapshot) Finding {
		return Finding{
			Severity: Warning,
			Message:  fmt.Sprintf("Sentinel %s has %d connections of the %d that it allows", s.Sentinel, s.Info.ConnectedClients.Value, s.Info.MaxClients.Value),
			Look:     []string{onSentinel(s, "CLIENT", "LIST")},
		}
	})
}

// scriptsBacklog is half of the 256 scripts that Sentinel keeps.
const scriptsBacklog = 128

func sentinelScriptsBacklog(d *model) outcome {
	many := func(s *sentinel.Snapshot) bool { return s.Info.ScriptsQueueLength.Value > scriptsBacklog }
	return onInfo(d, many, func(s *sentinel.Snapshot) Finding {
		return Finding{
			Severity: Warning,
			Message:  fmt.Sprintf("Sentinel %s has %d scripts waiting or running; it drops some from 256 on", s.Sentinel, s.Info.ScriptsQueueLength.Value),
			Look:     []string{onSentinel(s, "SENTINEL", "PENDING-SCRIPTS")},
		}
	})
}

func failureSimulation(d *model) outcome {
	set := func(s *sentinel.Snapshot) bool { return s.Info.SimulateFailureFlags.Value != 0 }
	return onInfo(d, set, func(s *sentinel.Snapshot) Finding {
		return Finding{
			Severity: Warning,
			Message:  fmt.Sprintf("Sentinel %s will crash in the next failover: simulate-failure flags are %d", s.Sentinel, s.Info.SimulateFailureFlags.Value),
			Commands: []string{onSentinel(s, "SENTINEL", "SIMULATE-FAILURE", "HELP")}, // switches all of them off
		}
	})
}

func noMasters(d *model) outcome {
	var o outcome
	if len(d.up) == 0 {
		return nobody()
	}
	for _, s := range d.up {
		if len(s.Masters) == 0 {
			o.add(Finding{
				Severity: Warning, Sentinel: s.Sentinel,
				Message: fmt.Sprintf("Sentinel %s monitors no master", s.Sentinel),
				Look:    []string{onSentinel(s, "SENTINEL", "MASTERS")},
			})
		}
	}
	return o
}

// onInfo runs a check on the INFO of each Sentinel: is says that something is wrong, and finding what.
func onInfo(d *model, is func(*sentinel.Snapshot) bool, finding func(*sentinel.Snapshot) Finding) outcome {
	o := nobody()
	for _, s := range d.asked {
		if s.Info == nil {
			continue
		}
		o.unknown = ""
		if is(s) {
			f := finding(s)
			f.Sentinel = s.Sentinel
			o.add(f)
		}
	}
	if o.unknown != "" && len(d.up) > 0 {
		o.unknown = "no Sentinel answered INFO"
	}
	return o
}

func nobody() outcome { return cannotTell("no Sentinel answered") }
