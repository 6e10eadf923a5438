#!/usr/bin/env bash
# Redis 2.000 (Perl, Debian's libredis-perl) with Redis Sentinel 8.0.2.
#
# Guess: the Perl client, which "adds additional sentinels" that the first one knows to its list,
#   finds the master by those when the ones that it was given are gone.
# Really: what it adds to the list is their field "name". That was the address once; in today's
#   Sentinels it is the run id, which leads nowhere.
# Consequence: a program that was given one Sentinel depends on that one, although its list grows
#   as though it were not so. Give the client all Sentinels.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*" "libredis-perl=2:2.000-*" perl-base perl-modules-5.40
bin=$work/trixie/bin root=$work/trixie/root master=$(port) first=$(port) second=$(port)
PERL5LIB=$root/usr/share/perl5:$root/usr/share/perl/5.40:$(find "$root/usr/lib" -path '*/perl*/5.*' -prune -type d | paste -sd:)
export PERL5LIB
start master.log "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
sentinels "$bin" "$master" "$first" "$second"
given=${pids[-2]}
knows_one() { "$bin/redis-cli" -p "$first" INFO sentinel | grep -q 'sentinels=2'; }
wait_for knows_one

cat >client.pl <<'PERL'
use strict;
use warnings;
use Redis;
$| = 1;
my $redis = Redis->new(sentinels => [$ARGV[0]], service => 'main', name => 'shop');
print 'SET ', $redis->set('key', 'value'), "\n";
print "list $_\n" for @{ $redis->{sentinels} };
select undef, undef, undef, 0.1 until -e 'gone';
$redis->quit;
print eval { $redis->connect; 'SET ' . $redis->set('key', 'value') . "\n" } // "error $@";
PERL
start client.log "$bin/perl" client.pl "127.0.0.1:$first"
said() { [ "$(wc -l <client.log)" -ge "$1" ]; }
wait_for said 3
expect 'connected' "$(sed -n 1p client.log)" 'SET OK'
expect 'its list, given' "$(sed -n 2p client.log)" "list 127.0.0.1:$first"
expect 'its list, added' "$(sed -n 3p client.log)" "list $("$bin/redis-cli" -p "$second" SENTINEL MYID)"
stop "$given"
expect 'the other Sentinel answers' "$("$bin/redis-cli" -p "$second" SENTINEL GET-MASTER-ADDR-BY-NAME main | tail -n 1)" "$master"
touch gone
wait_for said 4
expect 'connected again with the given one gone' "$(sed -n 4p client.log)" 'error failed to connect to any of the sentinels*'
