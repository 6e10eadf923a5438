package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/promslog"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/role"
	"redis_sentinel_exporter/sentinel"
	"redis_sentinel_exporter/web"
)

// A Config holds the validated flags, environment variables and files.
type Config struct {
	Sentinels SentinelConfig
	Collector collector.Options
	Web       web.Options
	Prober    web.ProberOptions
	Role      role.Options
	// HistoryFile is the path of the records of failovers; empty if they are not kept.
	HistoryFile string
	History     history.FileOptions
	// Modules has the modules and the named deployments of --config.file.
	Modules *probe.File
	Fleet   fleet.Options
	// Listen and AdminListen are the addresses of the two servers, with the files for TLS
	// and authentication. If AdminListen is nil, there is no admin server.
	Listen, AdminListen *toolkit.FlagConfig
	Log                 promslog.Config
	// ReplyMemory bounds what the replies of the deployment take, and those to probes, in
	// bytes.
	ReplyMemory int64
}

// A SentinelConfig says how to connect to the Sentinels of a deployment.
type SentinelConfig struct {
	// Addresses are the given ones, or the default; empty if only /probe asks Sentinels.
	Addresses []string
	// Client has the options of all clients; they differ in their Address.
	Client sentinel.Options
	// FollowPeers means that the Sentinels that the given ones know are asked, too.
	FollowPeers bool
	// Preflight says what may be looked at, such as the data nodes, and how.
	Preflight preflight.Options
	// Timeout is how long the Sentinels may take to answer if a request has no timeout of
	// its own.
	Timeout time.Duration
}

// newConfig returns the configuration for serve, or the first error in the flags and files.
func newConfig(f *programFlags) (*Config, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.fleet.deployment != nil {
		return nil, errors.New("--deployment is for commands: serve has all deployments of --config.file")
	}
	if err := web.CheckWebConfig(*f.listen.WebConfigFile); err != nil {
		return nil, fmt.Errorf("--web.config.file: %w", err)
	}
	adminListen, err := f.admin.listener()
	if err != nil {
		return nil, err
	}
	sentinels, err := newSentinelConfig(f)
	if err != nil {
		return nil, err
	}
	modules, err := probe.Open(f.probe.configFile)
	if err != nil {
		return nil, fmt.Errorf("--config.file: %w", err)
	}
	named := len(modules.Deployments()) > 0 || len(modules.Config().DeploymentFiles) > 0
	if f.onlyProbes() && adminListen != nil && !named {
		return nil, errors.New("--admin.listen-address: there is no deployment to change: --config.file names none, and there is no --sentinel.address")
	}
	config := &Config{
		Sentinels: *sentinels, Collector: f.collector, Web: f.web, Prober: f.probe.options, Modules: modules,
		Role:   role.Options{Grace: f.roleGrace, Timeout: sentinels.Timeout, Names: f.hosts},
		Listen: f.listen, AdminListen: adminListen, Log: f.log,
	}
	config.HistoryFile = f.history.file
	config.History = history.FileOptions{MaxBytes: int64(f.history.maxSize), MaxAge: time.Duration(f.history.maxAge)}
	config.ReplyMemory, config.Prober.ReplyMemory = int64(f.sentinel.replyMemory), int64(f.sentinel.replyMemory)
	config.Web.Timeout, config.Web.OnlyProbes, config.Web.HostMap = sentinels.Timeout, f.onlyProbes(), f.hosts
	config.Web.Named = named
	config.Web.ExternalURL, config.Prober.HostMap = f.fleet.externalURL, f.hosts
	config.Fleet = fleet.Options{
		Events: f.collector.Events, Timeout: sentinels.Timeout, HostMap: f.hosts, RoleGrace: f.roleGrace,
		MaxConnections: f.fleet.maxConnections, Shard: f.fleet.shard, Budget: f.budget(), CertificatesWithin: f.certificatesWithin(),
	}
	return config, nil
}

// newCommandConfig returns the configuration for the other commands. It does not read the
// files that only serve needs.
func newCommandConfig(f *programFlags) (*SentinelConfig, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	switch {
	case f.fleet.deployment != nil:
		return f.namedDeployment(*f.fleet.deployment)
	case f.onlyProbes():
		return nil, errors.New("there is no deployment to ask: --config.file is given, and neither --sentinel.address nor --deployment")
	}
	return newSentinelConfig(f)
}

// namedDeployment returns how to ask a deployment of --config.file. The account of the flags for its data nodes
// comes before that of its module.
func (f *programFlags) namedDeployment(name string) (*SentinelConfig, error) {
	if f.probe.configFile == "" {
		return nil, errors.New("--deployment: the names are in --config.file, which is not given")
	}
	file, err := probe.Open(f.probe.configFile)
	if err != nil {
		return nil, fmt.Errorf("--config.file: %w", err)
	}
	d, err := file.Deployment(name)
	if err != nil {
		return nil, fmt.Errorf("--deployment: %w", err)
	}
	config := sentinelConfigOf(d, f.sentinel.timeout, f.budget())
	nodes, err := f.nodeOptions()
	if nodes == nil && err == nil {
		nodes = d.Nodes(f.budget())
	}
	config.Preflight = f.preflight(nodes, config.Client)
	return config, err
}

// budget returns the bound on what the replies of all Sentinels together take.
func (f *programFlags) budget() *sentinel.Budget {
	return sentinel.NewBudget(int64(f.sentinel.replyMemory))
}

// sentinelConfigOf returns how to ask a deployment of the file.
func sentinelConfigOf(d *probe.Deployment, timeout time.Duration, budget *sentinel.Budget) *SentinelConfig {
	client := d.Options()
	client.Budget = budget
	if most := time.Duration(d.Module().Timeout); most > 0 {
		timeout = min(timeout, most)
	}
	return &SentinelConfig{Addresses: d.Sentinels, Client: client, FollowPeers: d.DiscoverPeers, Timeout: timeout}
}

func newSentinelConfig(f *programFlags) (*SentinelConfig, error) {
	addresses, err := f.addresses()
	if err != nil {
		return nil, err
	}
	password, err := f.sentinel.password()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := f.sentinel.tls.clientConfig(f.node.tls)
	if err != nil {
		return nil, err
	}
	nodes, err := f.nodeOptions()
	if err != nil {
		return nil, err
	}
	client := sentinel.Options{
		Username:  f.sentinel.username,
		Password:  password,
		TLS:       tlsConfig,
		InfoCache: f.collector.InfoCache,
		Budget:    f.budget(),
	}
	return &SentinelConfig{
		Addresses:   addresses,
		Client:      client,
		FollowPeers: f.sentinel.discover,
		Preflight:   f.preflight(nodes, client),
		Timeout:     f.sentinel.timeout,
	}, nil
}

// preflight returns what may be looked at of a deployment.
func (f *programFlags) preflight(nodes *sentinel.Options, sentinels sentinel.Options) preflight.Options {
	return preflight.Options{Nodes: nodes, Sentinels: sentinels, CertificatesWithin: f.certificatesWithin()}
}

func (f *programFlags) certificatesWithin() time.Duration {
	return time.Duration(f.certificateDays) * 24 * time.Hour
}

// check refuses values that kingpin accepts but that make no sense.
func (f *programFlags) check() error {
	switch {
	case f.sentinel.timeout <= 0:
		return fmt.Errorf("--sentinel.timeout: %s must be positive", f.sentinel.timeout)
	case f.sentinel.replyMemory < 1<<20:
		return fmt.Errorf("--sentinel.reply-memory: %s is less than 1MiB", f.sentinel.replyMemory)
	case f.history.maxSize < history.MinFileBytes || f.history.maxSize > history.MaxFileBytes:
		return fmt.Errorf("--history.max-size: %s is not between 64KiB and 1GiB", f.history.maxSize)
	case f.history.maxAge <= 0:
		return fmt.Errorf("--history.max-age: %s must be positive", f.history.maxAge)
	case f.history.file != "" && !f.collector.Events:
		return errors.New("--history.file: there are no failovers to keep with --no-collector.events")
	case f.certificateDays < 0 || f.certificateDays > mostCertificateDays:
		return fmt.Errorf("--preflight.certificate-days: %d is not between 0 and %d", f.certificateDays, mostCertificateDays)
	case f.web.TimeoutOffset < 0:
		return fmt.Errorf("--timeout-offset: %s is negative", f.web.TimeoutOffset)
	case f.roleGrace < 0:
		return fmt.Errorf("--role.grace: %s is negative", f.roleGrace)
	case f.web.MaxRequests < 0:
		return fmt.Errorf("--web.max-requests: %d is negative", f.web.MaxRequests)
	}
	if err := f.web.Check(); err != nil {
		return err
	}
	if f.fleet.maxConnections <= 0 {
		return fmt.Errorf("--fleet.max-connections: %d must be positive", f.fleet.maxConnections)
	}
	switch probes := f.probe.options; {
	case probes.MaxConnections <= 0:
		return fmt.Errorf("--probe.max-connections: %d must be positive", probes.MaxConnections)
	case probes.IdleTimeout <= 0:
		return fmt.Errorf("--probe.idle-timeout: %s must be positive", probes.IdleTimeout)
	case f.web.EnableLifecycle && f.probe.configFile == "":
		return errors.New("--web.enable-lifecycle: there is no --config.file to reload")
	}
	return nil
}

// listener returns the addresses of the admin server, nil if there is none. It returns an
// error if its web configuration does not require authentication.
func (f *adminFlags) listener() (*toolkit.FlagConfig, error) {
	if len(f.listen) == 0 {
		if f.configFile != "" {
			return nil, errors.New("--admin.config.file has no effect without --admin.listen-address")
		}
		return nil, nil // no server is no error
	}
	if err := web.CheckAdminConfig(f.configFile); err != nil {
		return nil, fmt.Errorf("--admin.config.file: %w", err)
	}
	noSocket := false
	return &toolkit.FlagConfig{WebListenAddresses: &f.listen, WebConfigFile: &f.configFile, WebSystemdSocket: &noSocket}, nil
}
