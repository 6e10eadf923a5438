package app

import (
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// newDeployment returns the deployment of the Sentinels to ask. The caller must close it.
func newDeployment(c *SentinelConfig) *deployment.Deployment {
	clients := make([]*sentinel.Client, len(c.Addresses))
	for i, address := range c.Addresses {
		options := c.Client
		options.Address = address
		clients[i] = sentinel.NewClient(options)
	}
	d := deployment.New(clients...)
	if c.FollowPeers {
		d.FollowPeers(c.Client)
	}
	return d
}
