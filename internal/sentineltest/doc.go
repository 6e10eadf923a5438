// Package sentineltest gives tests, and the demo, something real to talk to.
//
// [Start] and [Run] bring up a throw-away Redis deployment (masters, replicas and Sentinels, with any redis-server or
// valkey-server binary) on loopback addresses, in a directory of its own. Its nodes can be killed, hung, restarted and
// cut off from each other, and asked through the real redis-cli, which is the oracle to compare a client with: nothing
// here shares a line of code with the client under test.
//
// [NewFake] is a scripted Sentinel for what a real one cannot do: a thousand masters, and malformed replies.
//
// [Proxy] stands between a client and a Sentinel: it counts round trips, delays, stalls and breaks connections.
package sentineltest
