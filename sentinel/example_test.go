package sentinel_test

import (
	"context"
	"fmt"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// What the methods of a redis-py client of a Sentinel do, on a Sentinel that is started
// for it.
func ExampleClient() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	topology, err := sentineltest.Start(ctx, sentineltest.Config{})
	if err != nil {
		fmt.Println("no Sentinels to ask:", err)
		return
	}
	defer func() { _ = topology.Close() }()
	if err := ask(ctx, topology.SentinelAddrs()[0]); err != nil {
		fmt.Println("no answer:", err)
	}
	// Output:
	// mymaster has 2 replicas and the quorum 2
	// the address is that of the list: true
	// 3 usable Sentinels, quorum: true, majority: true
	// the id has 40 digits, and 0 scripts run or wait
	// the cache has the INFO of 3 nodes
}

func ask(ctx context.Context, address string) error {
	client := sentinel.NewClient(sentinel.Options{Address: address})
	defer client.Close()

	masters, err := client.Masters(ctx) // sentinel_masters()
	if err != nil {
		return err
	}
	for _, m := range masters {
		fmt.Printf("%s has %d replicas and the quorum %d\n", m.Name, m.NumReplicas.Value, m.Quorum.Value)
	}
	addr, err := client.MasterAddr(ctx, "mymaster") // sentinel_get_master_addr_by_name("mymaster")
	if err != nil {
		return err
	}
	fmt.Println("the address is that of the list:", addr.Present && addr.Value == masters[0].Addr)
	quorum, err := client.CKQuorum(ctx, "mymaster") // sentinel_ckquorum("mymaster")
	if err != nil {
		return err
	}
	fmt.Printf("%d usable Sentinels, quorum: %t, majority: %t\n", quorum.Usable, quorum.QuorumReachable, quorum.MajorityReachable)
	id, err := client.MyID(ctx)
	if err != nil {
		return err
	}
	scripts, err := client.PendingScripts(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("the id has %d digits, and %d scripts run or wait\n", len(id), len(scripts))
	nodes, err := client.InfoCache(ctx, "mymaster")
	if err != nil {
		return err
	}
	fmt.Printf("the cache has the INFO of %d nodes\n", len(nodes))
	return nil
}
