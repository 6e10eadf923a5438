#!/usr/bin/env bash
# What the findings share: a work folder, exact packages of Debian, free ports, and an end
# to everything that was started.
work=$(mktemp -d)
pids=()
finish() {
	kill "${pids[@]}" 2>/dev/null || true
	kill -CONT "${pids[@]}" 2>/dev/null || true # for one that was stopped in its tracks
	wait "${pids[@]}" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 2' INT TERM HUP
cd "$work" # servers leave files where they were started

# debian SUITE PACKAGE=VERSION...: unpacks the packages with the libraries that they need.
# Nothing is installed: $work/SUITE/bin/PROGRAM runs each of their programs.
debian() {
	local suite=$1 apt=$work/$1/apt root=$work/$1/root mirror libraries loader path
	shift
	mkdir -p "$apt/empty" "$apt/lists/partial" "$apt/archives/partial" "$work/$suite/bin"
	mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' | grep -v security | head -n 1)}
	[ -n "$mirror" ] || { echo "apt knows no mirror of Debian: run apt-get update, or set DEBIAN_MIRROR" >&2; exit 2; }
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
	apt-config dump | grep '^Acquire::https*::' >"$apt/apt.conf" || true
	cat >>"$apt/apt.conf" <<-CONF
		Dir::Etc::main "/dev/null"; Dir::Etc::parts "$apt/empty";
		Dir::Etc::SourceList "$apt/sources.list"; Dir::Etc::SourceParts "$apt/empty";
		Dir::Etc::Preferences "/dev/null"; Dir::Etc::PreferencesParts "$apt/empty";
		Dir::State::Lists "$apt/lists"; Dir::State::status "/dev/null"; Dir::Cache "$apt";
		APT::Sandbox::User ""; Acquire::Languages "none"; Acquire::Check-Valid-Until "false";
	CONF
	(
		export APT_CONFIG=$apt/apt.conf
		apt-get update -qq
		libraries=$(apt-cache depends --recurse --important "${@%%=*}" | sed -n 's/^\(l[iu][ba][^: ]*\)$/\1/p' | sort -u)
		cd "$apt/archives"
		# shellcheck disable=SC2086 # one word for each package
		apt-get download -qq "$@" $libraries
	) || { echo "Debian $suite has no $* any more" >&2; exit 2; }
	for path in "$apt"/archives/*.deb; do dpkg -x "$path" "$root"; done
	loader=$(find "$root" -name 'ld-linux*.so*' | head -n 1)
	libraries=$(find "$root" -name '*.so*' -exec dirname {} + | sort -u | paste -sd:)
	for path in "$root"/usr/bin/* "$root"/usr/sbin/*; do
		[ -f "$path" ] || continue
		printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$path" >"$work/$suite/bin/${path##*/}"
		chmod 755 "$work/$suite/bin/${path##*/}"
	done
}

# port: a loopback port that nobody listens on.
port() {
	local p
	while p=$((20000 + RANDOM % 12000)) && (: </dev/tcp/127.0.0.1/$p) 2>/dev/null; do :; done
	echo $p
}

# start LOG PROGRAM ARGUMENT...: in the background; its process is $!.
start() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 &
	pids+=($!)
}

# sentinels BIN MASTER PORT...: starts Sentinels at these ports, which monitor main at the port
# MASTER with a quorum of 2. Their processes are the last of $pids.
sentinels() {
	local bin=$1 master=$2 p
	shift 2
	for p; do
		printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 2\n' "$p" "$master" >"$work/$p.conf"
		start "$work/$p.log" "$bin/redis-server" "$work/$p.conf" --sentinel
		wait_for "$bin/redis-cli" -p "$p" PING
	done
}

# stop PID: ends it and waits until it has ended.
stop() {
	kill "$1"
	wait "$1" 2>/dev/null || true
}

# wait_for COMMAND...: until the command succeeds, for at most a minute.
wait_for() {
	local end=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "not within a minute: $*" >&2; exit 2; }
		sleep 0.1
	done
}

# expect WHAT SEEN PATTERN: prints what was seen; where it does not match the pattern any
# more, the finding has changed.
expect() {
	printf '%s: %s\n' "$1" "$2"
	# shellcheck disable=SC2053 # the right side is a pattern
	[[ $2 == $3 ]] || { echo "CHANGED: $1 was $3" >&2; exit 1; }
}
