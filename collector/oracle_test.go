package collector_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

// An oracle says what redis-cli, which shares no code with this program, knows
// of one Sentinel at one moment.
type oracle struct {
	addr      string // of the Sentinel
	id        string
	info      map[string]string
	master    map[string]string // nil when it monitors nothing
	advertise string
	replicas  []map[string]string
	peers     []map[string]string
	quorum    string // the text of CKQUORUM, an error's too
	cache     []cachedNode
}

type cachedNode struct {
	addr, text string
	age        float64
}

// ask is consult where there must be an answer.
func ask(ctx context.Context, t *testing.T, s *sentineltest.Sentinel, addr string) *oracle {
	t.Helper()
	o, err := consult(ctx, s, addr)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// A redisCLI asks a Sentinel: one for each question, or one that stays.
type redisCLI interface {
	Info(ctx context.Context, sections ...string) (map[string]string, error)
	Batch(ctx context.Context, commands ...[]string) ([]sentineltest.CLIReply, error)
}

// consult asks for everything as fast as can be, so that it is of one moment,
// nearly.
func consult(ctx context.Context, s redisCLI, addr string) (*oracle, error) {
	info, err := s.Info(ctx)
	if err != nil {
		return nil, err
	}
	answers, err := s.Batch(ctx,
		[]string{"SENTINEL", "MYID"}, []string{"SENTINEL", "MASTERS"},
		[]string{"SENTINEL", "REPLICAS", master}, []string{"SENTINEL", "SENTINELS", master}, []string{"SENTINEL", "CKQUORUM", master},
		[]string{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master}, []string{"SENTINEL", "INFO-CACHE", master})
	if err != nil {
		return nil, err
	}
	o := &oracle{addr: addr, info: info}
	var masters, replicas, peers []sentineltest.Row
	var cache []any
	var pair []string
	if err := errors.Join(answers[0].Decode(&o.id), answers[1].Decode(&masters)); err != nil {
		return nil, err
	}
	if len(masters) == 0 {
		return o, nil
	}
	o.master = masters[0].Map()
	o.quorum = string(answers[4].JSON)
	if answers[4].Err != nil {
		o.quorum = answers[4].Err.Error()
	}
	if err := errors.Join(answers[2].Decode(&replicas), answers[3].Decode(&peers), answers[5].Decode(&pair), answers[6].Decode(&cache)); err != nil {
		return nil, err
	}
	if len(pair) != 2 || len(cache) != 2 { // nil
		return nil, fmt.Errorf("the master went while %s was asked about it", addr)
	}
	o.replicas, o.peers = rows(replicas), rows(peers)
	o.advertise = net.JoinHostPort(pair[0], pair[1])
	o.readCache(cache)
	return o, nil
}

func rows(list []sentineltest.Row) []map[string]string {
	var maps []map[string]string
	for _, row := range list {
		maps = append(maps, row.Map())
	}
	return maps
}

// readCache finds each node of INFO-CACHE by the run id in its text. After a
// switch there may be two of one process, of which the newer counts.
func (o *oracle) readCache(reply []any) {
	for _, node := range reply[1].([]any) {
		pair := node.([]any)
		text, ok := pair[1].(string)
		if !ok {
			continue
		}
		for _, known := range append([]map[string]string{o.master}, o.replicas...) {
			if known["runid"] == lineOf(text, "run_id") {
				o.cache = append(o.cache, cachedNode{addrOf(known), text, pair[0].(float64) / 1000})
			}
		}
	}
}

func lineOf(info, field string) string {
	_, rest, _ := strings.Cut(info, "\n"+field+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

func addrOf(row map[string]string) string { return net.JoinHostPort(row["ip"], row["port"]) }

func has(row map[string]string, flag string) bool {
	return slices.Contains(strings.Split(row["flags"], ","), flag)
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// absent is what is not to be exposed.
var absent = math.NaN()

func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return absent
	}
	return n
}

func millis(text string) float64 { return number(text) / 1000 }

// or0 is for what Sentinel leaves out when it is not so.
func or0(n float64) float64 {
	if math.IsNaN(n) {
		return 0
	}
	return n
}

// perSentinel is what each metric of the Sentinel itself should be.
func (o *oracle) perSentinel() map[string]float64 {
	i := o.info
	label := fmt.Sprintf(`sentinel=%q`, o.addr)
	product, version := sentineltest.ProductOf(i)
	want := map[string]float64{
		"up{" + label + "}":                         1,
		"masters{" + label + "}":                    number(i["sentinel_masters"]),
		"tilt{" + label + "}":                       number(i["sentinel_tilt"]),
		"tilt_seconds{" + label + "}":               max(0, number(i["sentinel_tilt_since_seconds"])),
		"tilts_total{" + label + "}":                number(i["sentinel_total_tilt"]),
		"running_scripts{" + label + "}":            number(i["sentinel_running_scripts"]),
		"scripts_queue_length{" + label + "}":       number(i["sentinel_scripts_queue_length"]),
		"simulate_failure_flags{" + label + "}":     number(i["sentinel_simulate_failure_flags"]),
		"uptime_seconds{" + label + "}":             number(i["uptime_in_seconds"]),
		"connected_clients{" + label + "}":          number(i["connected_clients"]),
		"max_clients{" + label + "}":                number(i["maxclients"]),
		"rejected_connections_total{" + label + "}": number(i["rejected_connections"]),
		"connections_received_total{" + label + "}": number(i["total_connections_received"]),
		"commands_processed_total{" + label + "}":   number(i["total_commands_processed"]),
		"scrape_duration_seconds{" + label + "}":    0.5,
		fmt.Sprintf(`info{product=%q,sentinel=%q,sentinel_id=%q,version=%q}`, product, o.addr, o.id, version): 1,
	}
	for field, value := range i {
		if mode, found := strings.CutPrefix(field, "used_cpu_"); found && !strings.HasSuffix(mode, "_main_thread") {
			want[fmt.Sprintf(`cpu_seconds_total{mode=%q,%s}`, mode, label)] = number(value)
		}
	}
	for _, command := range []string{"info", "myid", "masters", "replicas", "sentinels", "ckquorum", "info_cache"} {
		want[fmt.Sprintf(`command_success{command=%q,%s}`, command, label)] = 1
		want[fmt.Sprintf(`command_errors_total{command=%q,reason="permission",%s}`, command, label)] = 0
	}
	for _, reason := range []string{"unreachable", "timeout", "tls", "auth"} {
		want[fmt.Sprintf(`command_errors_total{command="ckquorum",reason=%q,%s}`, reason, label)] = 0
	}
	return want
}

var usable = regexp.MustCompile(`(\d+) usable`)

// perMaster is what each metric of the master should be.
func (o *oracle) perMaster() map[string]float64 {
	m := o.master
	label := fmt.Sprintf(`{master_name=%q,sentinel=%q}`, m["name"], o.addr)
	voters := number(m["num-other-sentinels"]) + 1
	majority := math.Floor(voters/2) + 1
	canUse := number(usable.FindStringSubmatch(o.quorum)[1])
	ok := !strings.Contains(o.quorum, "NOQUORUM")
	okReplicas, promotable, okPeers := 0.0, 0.0, 1.0
	for _, r := range o.replicas {
		okReplicas += bit(o.replicaOK(r))
		promotable += bit(o.promotable(r))
	}
	for _, p := range o.peers {
		okPeers += bit(!has(p, "s_down"))
	}
	states := []string{"", "wait_start", "select_slave", "send_slaveof_noone", "wait_promotion", "reconf_slaves", "update_config"}
	alone := has(m, "s_down") && !has(m, "o_down") && !has(m, "failover_in_progress") && number(m["s-down-time"]) > 10_000
	inVain := has(m, "o_down") && number(m["o-down-time"]) > number(m["failover-timeout"])
	want := map[string]float64{
		"ok":                         bit(!has(m, "s_down") && !has(m, "o_down")),
		"sdown":                      bit(has(m, "s_down")),
		"odown":                      bit(has(m, "o_down")),
		"disconnected":               bit(has(m, "disconnected")),
		"failover_in_progress":       bit(has(m, "failover_in_progress")),
		"role_mismatch":              bit(m["role-reported"] != "master"),
		"sdown_seconds":              or0(millis(m["s-down-time"])),
		"odown_seconds":              or0(millis(m["o-down-time"])),
		"failover_state":             float64(slices.Index(states, m["failover-state"])),
		"last_ok_ping_reply_seconds": millis(m["last-ok-ping-reply"]),
		"last_ping_reply_seconds":    millis(m["last-ping-reply"]),
		"config_epoch":               number(m["config-epoch"]),
		"replicas":                   number(m["num-slaves"]),
		"ok_replicas":                okReplicas,
		"promotable_replicas":        promotable,
		"sentinels":                  voters,
		"ok_sentinels":               okPeers,
		"quorum":                     number(m["quorum"]),
		"down_after_seconds":         millis(m["down-after-milliseconds"]),
		"failover_timeout_seconds":   millis(m["failover-timeout"]),
		"parallel_syncs":             number(m["parallel-syncs"]),
		"quorum_ok":                  bit(ok),
		"quorum_reachable":           bit(canUse >= number(m["quorum"])),
		"majority_reachable":         bit(canUse >= majority),
		"usable_sentinels":           canUse,
		"quorum_margin":              canUse - max(number(m["quorum"]), majority),
		"failover_possible":          bit(ok && promotable > 0 && !o.heirIsEmpty() && o.info["sentinel_tilt"] == "0" && !alone && !inVain),
	}
	return o.named(want, "master_", label, fmt.Sprintf(`master_info{address=%q,master_name=%q,run_id=%q,sentinel=%q}`, o.advertise, m["name"], m["runid"], o.addr))
}

func (o *oracle) replicaOK(r map[string]string) bool {
	return !has(r, "s_down") && !has(r, "disconnected") && r["master-link-status"] == "ok"
}

// promotable repeats Sentinel's rules from its source, on redis-cli's words.
func (o *oracle) promotable(r map[string]string) bool {
	infoLimit, linkLimit := 30000.0, 10*number(o.master["down-after-milliseconds"])
	if has(o.master, "s_down") {
		infoLimit, linkLimit = 5000, linkLimit+number(o.master["s-down-time"])
	}
	return !has(r, "s_down") && !has(r, "disconnected") && number(r["last-ok-ping-reply"]) <= 5000 &&
		r["slave-priority"] != "0" && informed(r) && number(r["info-refresh"]) <= infoLimit &&
		number(r["master-link-down-time"]) <= linkLimit
}

// heirIsEmpty reports whether the replica that Sentinel would promote has never had a link to its
// master, as one that was restarted while the master was dead.
func (o *oracle) heirIsEmpty() bool {
	var heirs []map[string]string
	for _, r := range o.replicas {
		if o.promotable(r) {
			heirs = append(heirs, r)
		}
	}
	if len(heirs) == 0 {
		return false
	}
	heir := slices.MinFunc(heirs, func(a, b map[string]string) int {
		return cmp.Or(
			cmp.Compare(number(a["slave-priority"]), number(b["slave-priority"])),
			cmp.Compare(number(b["slave-repl-offset"]), number(a["slave-repl-offset"])),
			cmp.Compare(strings.ToLower(a["runid"]), strings.ToLower(b["runid"])))
	})
	return heir["master-link-status"] == "err" && heir["master-link-down-time"] == "-1000" && number(heir["slave-repl-offset"]) <= 1
}

// informed reports whether an INFO of the node has come. Before that Sentinel shows
// the age 0, and no run id.
func informed(row map[string]string) bool { return row["info-refresh"] != "0" || row["runid"] != "" }

// onceInformed is what is not to be exposed before.
func onceInformed(row map[string]string, v float64) float64 {
	if informed(row) {
		return v
	}
	return absent
}

// wrongMaster is for the replicas that follow a node, other than the one that is
// the master or, late in a failover, will be.
func (o *oracle) wrongMaster(r map[string]string) float64 {
	if r["role-reported"] != "slave" || r["master-host"] == "?" {
		return absent
	}
	follows := net.JoinHostPort(r["master-host"], r["master-port"])
	return bit(follows != addrOf(o.master) && follows != o.advertise)
}

// linkDown is -1 s where the link was never up.
func linkDown(r map[string]string) float64 {
	if r["master-link-down-time"] == "-1000" {
		return absent
	}
	return millis(r["master-link-down-time"])
}

func (o *oracle) perReplica() map[string]float64 {
	all := map[string]float64{}
	furthest := 0.0
	for _, r := range o.replicas {
		if !has(r, "s_down") {
			furthest = max(furthest, number(r["slave-repl-offset"]))
		}
	}
	for _, node := range o.cache {
		if node.addr == addrOf(o.master) {
			furthest = max(furthest, number(lineOf(node.text, "master_repl_offset")))
		}
	}
	for _, r := range o.replicas {
		live := func(v float64) float64 {
			if has(r, "s_down") {
				return absent
			}
			return onceInformed(r, v)
		}
		label := fmt.Sprintf(`{master_name=%q,replica=%q,sentinel=%q}`, o.master["name"], addrOf(r), o.addr)
		values := o.named(map[string]float64{
			"ok":                   bit(o.replicaOK(r)),
			"sdown":                bit(has(r, "s_down")),
			"disconnected":         bit(has(r, "disconnected")),
			"link_up":              live(bit(r["master-link-status"] == "ok")),
			"link_down_seconds":    live(linkDown(r)),
			"priority":             number(r["slave-priority"]),
			"lag_bytes":            live(furthest - number(r["slave-repl-offset"])),
			"promotable":           bit(o.promotable(r)),
			"role_mismatch":        onceInformed(r, bit(r["role-reported"] == "master")),
			"wrong_master":         o.wrongMaster(r),
			"info_refresh_seconds": onceInformed(r, millis(r["info-refresh"])),
		}, "replica_", label, fmt.Sprintf(`replica_info{master_name=%q,replica=%q,run_id=%q,sentinel=%q}`, o.master["name"], addrOf(r), r["runid"], o.addr))
		maps.Copy(all, values)
	}
	return all
}

func (o *oracle) perPeer() map[string]float64 {
	all := map[string]float64{}
	for _, p := range o.peers {
		label := fmt.Sprintf(`{master_name=%q,peer=%q,sentinel=%q}`, o.master["name"], addrOf(p), o.addr)
		maps.Copy(all, o.named(map[string]float64{
			"ok":                 bit(!has(p, "s_down")),
			"sdown":              bit(has(p, "s_down")),
			"disconnected":       bit(has(p, "disconnected")),
			"last_hello_seconds": millis(p["last-hello-message"]),
		}, "peer_", label, fmt.Sprintf(`peer_info{master_name=%q,peer=%q,sentinel=%q,sentinel_id=%q}`, o.master["name"], addrOf(p), o.addr, p["runid"])))
	}
	return all
}

func (o *oracle) perNode() map[string]float64 {
	all := map[string]float64{}
	for _, n := range o.cache {
		if slices.ContainsFunc(o.cache, func(other cachedNode) bool { return other.addr == n.addr && other.age < n.age }) {
			continue
		}
		label := fmt.Sprintf(`{master_name=%q,node=%q,sentinel=%q}`, o.master["name"], n.addr, o.addr)
		product, version := sentineltest.ProductOf(map[string]string{
			"redis_version": lineOf(n.text, "redis_version"), "valkey_version": lineOf(n.text, "valkey_version"),
		})
		maps.Copy(all, o.named(map[string]float64{
			"replication_offset_bytes": number(lineOf(n.text, "master_repl_offset")),
			"info_age_seconds":         n.age,
		}, "node_", label, fmt.Sprintf(`node_info{master_name=%q,node=%q,product=%q,replication_id=%q,role=%q,sentinel=%q,version=%q}`,
			o.master["name"], n.addr, product, lineOf(n.text, "master_replid"), lineOf(n.text, "role"), o.addr, version)))
	}
	return all
}

// named completes the names of the values that there are, and adds the series
// that is always 1.
func (o *oracle) named(values map[string]float64, prefix, label, info string) map[string]float64 {
	all := map[string]float64{info: 1}
	for k, v := range values {
		if !math.IsNaN(v) {
			all[prefix+k+label] = v
		}
	}
	return all
}

// quiet returns the value with which a series has nothing to say, so that it need not be
// there.
func quiet(series string) (value float64, canBe bool) {
	name, _, _ := strings.Cut(series, "{")
	switch name {
	case "command_success", "peer_ok":
		return 1, true
	case "replica_priority":
		return 100, true
	case "tilt_seconds", "tilts_total", "running_scripts", "scripts_queue_length", "simulate_failure_flags",
		"master_sdown", "master_odown", "master_disconnected", "master_role_mismatch", "master_sdown_seconds", "master_odown_seconds", "master_failover_state",
		"replica_sdown", "replica_disconnected", "replica_link_down_seconds", "replica_role_mismatch", "replica_wrong_master",
		"peer_sdown", "peer_disconnected":
		return 0, true
	case "cpu_seconds_total":
		return 0, strings.Contains(series, "_children")
	}
	return 0, false
}

// tolerance is how much a value may differ from that of another moment.
func tolerance(series string) float64 {
	name, _, _ := strings.Cut(series, "{")
	switch {
	case name == "master_down_after_seconds", name == "master_failover_timeout_seconds", name == "tilt_seconds":
		return 0
	case strings.HasSuffix(name, "_bytes"):
		return 10_000 // the master sends pings and the Sentinels' hellos to its replicas
	case strings.HasSuffix(name, "_seconds"), name == "cpu_seconds_total":
		return 3
	case name == "commands_processed_total":
		return 500
	case name == "connections_received_total", name == "connected_clients":
		return 20 // redis-cli's own
	}
	return 0
}
