package deployment_test

import (
	"context"
	"fmt"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// Where to write and where to read, as a redis-py program asks its Sentinels.
func ExampleDeployment_DiscoverMaster() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	topology, err := sentineltest.Start(ctx, sentineltest.Config{})
	if err != nil {
		fmt.Println("no Sentinels to ask:", err)
		return
	}
	defer func() { _ = topology.Close() }()
	writeTo, readFrom, err := find(ctx, topology.SentinelAddrs())
	if err != nil {
		fmt.Println("not found:", err)
		return
	}
	fmt.Println("the node that was started as the master:", writeTo == topology.Masters[0].Node.Addr())
	fmt.Println(len(readFrom), "replicas")
	// Output:
	// the node that was started as the master: true
	// 2 replicas
}

func find(ctx context.Context, addresses []string) (writeTo string, readFrom []string, err error) {
	var clients []*sentinel.Client
	for _, address := range addresses {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: address}))
	}
	sentinels := deployment.New(clients...)
	defer sentinels.Close()

	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // socket_timeout=2
	defer cancel()
	options := deployment.DiscoverOptions{MinOtherSentinels: 1}
	master, err := sentinels.DiscoverMaster(ctx, "mymaster", options)
	if err != nil {
		return "", nil, err
	}
	replicas, err := sentinels.DiscoverReplicas(ctx, "mymaster", options)
	if err != nil {
		return "", nil, err
	}
	for _, r := range replicas.Replicas {
		readFrom = append(readFrom, r.Addr)
	}
	return master.Addr, readFrom, nil
}
