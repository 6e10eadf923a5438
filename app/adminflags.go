package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/alecthomas/kingpin/v2"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/web"
)

// adminFlags say where the write path is; there is none without an address.
type adminFlags struct {
	listen     []string
	configFile string
}

func (f *adminFlags) addTo(app *kingpin.Application) {
	app.Flag("admin.listen-address", "Address to listen on for calls that change the Sentinels; none by default. Repeatable.").
		PlaceHolder("ADDRESS").StringsVar(&f.listen)
	app.Flag("admin.config.file", "Web configuration file for that address, like --web.config.file. It must require basic auth or client certificates.").
		PlaceHolder("FILE").StringVar(&f.configFile)
}

// check refuses to open a way to change the Sentinels to everybody.
func (f *adminFlags) check() error {
	if len(f.listen) == 0 {
		if f.configFile != "" {
			return errors.New("--admin.config.file: it is of no use without --admin.listen-address")
		}
		return nil
	}
	if err := web.CheckAdminConfig(f.configFile); err != nil {
		return fmt.Errorf("--admin.config.file: %w", err)
	}
	return nil
}

// listener returns what serves the write path, and the count of its calls; nil and
// nil when there is none.
func (f *adminFlags) listener(
	ctx context.Context, operator *admin.Operator, logger *slog.Logger,
) (serve func(context.Context) error, requests *web.AdminRequests) {
	if len(f.listen) == 0 {
		return nil, nil
	}
	requests = web.NewAdminRequests()
	handler := web.NewAdminHandler(operator, web.AdminOptions{ConfigFile: f.configFile, Requests: requests, Stop: ctx.Done()}, logger)
	noSocket := false
	flags := &toolkit.FlagConfig{WebListenAddresses: &f.listen, WebConfigFile: &f.configFile, WebSystemdSocket: &noSocket}
	return func(ctx context.Context) error { return web.ServeAdmin(ctx, handler, flags, logger) }, requests
}
