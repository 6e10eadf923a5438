package sentineltest

import (
	"fmt"
	"strings"
)

// infoReplies makes the replies to INFO, one for each section and one, under "", for all.
func infoReplies(cfg FakeConfig, masters []fakeMaster) map[string][]byte {
	sections := []struct{ name, text string }{
		{"server", infoServer},
		{"clients", infoClients},
		{"stats", infoStats},
		{"cpu", infoCPU},
		{"sentinel", infoSentinel(masters)},
	}
	replies := map[string][]byte{}
	var all []string
	for _, s := range sections {
		text := strings.ReplaceAll(s.text, "\n", "\r\n")
		replies[s.name] = Bulk(text)
		all = append(all, text)
	}
	replies[""] = Bulk(orDefault(cfg.Info, strings.Join(all, "\r\n")))
	return replies
}

func infoSentinel(masters []fakeMaster) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Sentinel
sentinel_masters:%d
sentinel_tilt:0
sentinel_tilt_since_seconds:-1
sentinel_running_scripts:0
sentinel_scripts_queue_length:0
sentinel_simulate_failure_flags:0
`, len(masters))
	for i, m := range masters {
		fmt.Fprintf(&b, "master%d:name=%s,status=%s,address=%s:%s,slaves=%d,sentinels=%d\n",
			i, m.name, infoStatus(m.row), m.row.Get("ip"), m.row.Get("port"), len(m.replicas), len(m.sentinels)+1)
	}
	return b.String()
}

// infoStatus is a master's state as INFO has it.
func infoStatus(row Row) string {
	switch flags := row.Get("flags"); {
	case strings.Contains(flags, "o_down"):
		return "odown"
	case strings.Contains(flags, "s_down"):
		return "sdown"
	}
	return "ok"
}

const infoServer = `# Server
redis_version:7.0.15
redis_git_sha1:00000000
redis_git_dirty:0
redis_build_id:ae4d7c971a948f0
redis_mode:sentinel
os:Linux 6.1.0 x86_64
arch_bits:64
monotonic_clock:POSIX clock_gettime
multiplexing_api:epoll
atomicvar_api:c11-builtin
gcc_version:12.2.0
process_id:1
process_supervised:no
run_id:6fbfc323d339e7a97e6eccb066b2eef42110d9b0
tcp_port:26379
server_time_usec:1795377460168194
uptime_in_seconds:86461
uptime_in_days:1
hz:11
configured_hz:10
lru_clock:215348
executable:/data/redis-server
config_file:/data/sentinel.conf
io_threads_active:0
`

const infoClients = `# Clients
connected_clients:5
cluster_connections:0
maxclients:10000
client_recent_max_input_buffer:20480
client_recent_max_output_buffer:0
blocked_clients:0
tracking_clients:0
clients_in_timeout_table:0
`

const infoStats = `# Stats
total_connections_received:1024
total_commands_processed:65536
instantaneous_ops_per_sec:12
total_net_input_bytes:4194304
total_net_output_bytes:8388608
total_net_repl_input_bytes:0
total_net_repl_output_bytes:0
instantaneous_input_kbps:0.42
instantaneous_output_kbps:0.58
instantaneous_input_repl_kbps:0.00
instantaneous_output_repl_kbps:0.00
rejected_connections:3
sync_full:0
sync_partial_ok:0
sync_partial_err:0
expired_keys:0
expired_stale_perc:0.00
expired_time_cap_reached_count:0
expire_cycle_cpu_milliseconds:0
evicted_keys:0
evicted_clients:0
total_eviction_exceeded_time:0
current_eviction_exceeded_time:0
keyspace_hits:0
keyspace_misses:0
pubsub_channels:0
pubsub_patterns:0
pubsubshard_channels:0
latest_fork_usec:0
total_forks:0
migrate_cached_sockets:0
slave_expires_tracked_keys:0
active_defrag_hits:0
active_defrag_misses:0
active_defrag_key_hits:0
active_defrag_key_misses:0
total_active_defrag_time:0
current_active_defrag_time:0
tracking_total_keys:0
tracking_total_items:0
tracking_total_prefixes:0
unexpected_error_replies:0
total_error_replies:7
dump_payload_sanitizations:0
total_reads_processed:65540
total_writes_processed:65530
io_threaded_reads_processed:0
io_threaded_writes_processed:0
reply_buffer_shrinks:0
reply_buffer_expands:0
`

const infoCPU = `# CPU
used_cpu_sys:12.008166
used_cpu_user:24.008272
used_cpu_sys_children:0.000000
used_cpu_user_children:0.000000
used_cpu_sys_main_thread:11.008083
used_cpu_user_main_thread:23.008189
`
