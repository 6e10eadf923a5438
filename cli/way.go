package cli

import (
	"errors"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/admin"
)

// wayFlags say how to fail over.
type wayFlags struct {
	coordinated bool
	given       bool // --coordinated or --no-coordinated
	fence       bool
}

func (w *wayFlags) add(command *kingpin.CmdClause) {
	command.Flag("coordinated", "Let the master hand over, so that no acknowledged write is lost (Valkey 9.0 and later). Without this flag that is done where all can, and the data nodes are known to permit it (--node.password-file).").
		NoEnvar().IsSetByUser(&w.given).BoolVar(&w.coordinated)
	command.Flag("fence", "Let writes to the old master wait until the replica is promoted, and make it a replica then; needs --node.password-file.").
		NoEnvar().BoolVar(&w.fence)
}

func (w *wayFlags) way() (admin.Way, error) {
	switch {
	case w.coordinated && w.fence:
		return "", errors.New("--coordinated and --fence are given: a coordinated failover needs no fence")
	case w.fence:
		return admin.Fenced, nil
	case w.coordinated:
		return admin.Coordinated, nil
	case w.given:
		return admin.Plain, nil
	}
	return admin.Auto, nil
}
