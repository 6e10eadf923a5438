package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// discoverFlags are the flags that all discover commands have.
type discoverFlags struct {
	output    string
	minOthers uint32
}

// addDiscover adds "discover master NAME", "discover replicas NAME" and "discover
// sentinels NAME" to app and to commands.
func addDiscover(app *kingpin.Application, commands map[string]Runner) {
	f := &discoverFlags{}
	parent := app.Command("discover", "Print addresses of a deployment, one a line.")
	parent.Flag("output", "text for one address a line, or json.").
		NoEnvar().Default("text").EnumVar(&f.output, "text", "json")
	parent.Flag("min-other-sentinels", "How many other Sentinels a Sentinel must know for its answer to count.").
		NoEnvar().Default("0").Uint32Var(&f.minOthers)
	add := func(what, help string, find finder) {
		clause := parent.Command(what, help)
		d := &discoverCommand{flags: f, find: find}
		clause.Arg("name", "Name of the master.").Required().StringVar(&d.name)
		commands[clause.FullCommand()] = d
	}
	add("master", "The address of a master, as the best informed Sentinels know it.", findMaster)
	add("replicas", "The addresses of the replicas that are up.", findReplicas)
	add("sentinels", "The addresses of all Sentinels that monitor a master, including those that are down.", findSentinels)
}

// A finder finds the addresses of a master, its replicas or its Sentinels.
type finder func(ctx context.Context, d *deployment.Deployment, name string, o deployment.DiscoverOptions) (foundAddresses, error)

// foundAddresses are what the commands print.
type foundAddresses struct {
	Master    string   `json:"master_name"`
	Addresses []string `json:"addresses"`
	// Sentinel is the address of the Sentinel that gave the answer. Tilt is true if only
	// Sentinels in TILT answered. Neither is set by "discover sentinels", which asks all.
	Sentinel string `json:"sentinel,omitempty"`
	Tilt     bool   `json:"tilt,omitempty"`
}

// discoverCommand is one of the discover commands.
type discoverCommand struct {
	flags *discoverFlags
	find  finder
	name  string
}

// Run prints the addresses. It returns an error if there are none.
func (d *discoverCommand) Run(ctx context.Context, asked *deployment.Deployment, streams Streams) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, streams.Timeout)
	defer cancel()
	result, err := d.find(ctx, asked, d.name, deployment.DiscoverOptions{MinOtherSentinels: int(d.flags.minOthers)})
	if err != nil {
		return 0, err
	}
	result.Master = sentinel.ValidUTF8(d.name)
	if d.flags.output == "json" {
		return 0, json.NewEncoder(streams.Out).Encode(result)
	}
	for _, address := range result.Addresses {
		if _, err := fmt.Fprintln(streams.Out, address); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func findMaster(ctx context.Context, d *deployment.Deployment, name string, o deployment.DiscoverOptions) (foundAddresses, error) {
	m, err := d.DiscoverMaster(ctx, name, o)
	if err != nil {
		return foundAddresses{}, err
	}
	return foundAddresses{Addresses: []string{m.Addr}, Sentinel: m.Sentinel, Tilt: m.Tilt}, nil
}

func findReplicas(ctx context.Context, d *deployment.Deployment, name string, o deployment.DiscoverOptions) (foundAddresses, error) {
	r, err := d.DiscoverReplicas(ctx, name, o)
	if err != nil {
		return foundAddresses{}, err
	}
	result := foundAddresses{Sentinel: r.Sentinel, Tilt: r.Tilt}
	for i := range r.Replicas {
		result.Addresses = append(result.Addresses, r.Replicas[i].Addr)
	}
	return result, nil
}

// findSentinels asks all Sentinels, since each knows only some of the others.
func findSentinels(ctx context.Context, d *deployment.Deployment, name string, _ deployment.DiscoverOptions) (foundAddresses, error) {
	snapshots := d.Snapshots(ctx)
	if err := deployment.Unanswered(snapshots); err != nil {
		return foundAddresses{}, err
	}
	for _, g := range deployment.MergedMasters(snapshots) {
		if g.Name != name {
			continue
		}
		result := foundAddresses{}
		for _, n := range g.Sentinels {
			result.Addresses = append(result.Addresses, n.Addr)
		}
		return result, g.SentinelsErr
	}
	return foundAddresses{}, fmt.Errorf("%w: no Sentinel that has answered monitors %q", sentinel.ErrNoSuchMaster, name)
}

// Failed returns the exit code of an error.
func (*discoverCommand) Failed() int { return 1 }
