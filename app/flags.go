package app

import (
	"net/url"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/alecthomas/units"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	toolkitflag "github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"redis_sentinel_exporter/alerts"
	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/web"
)

const (
	serveCommand       = "serve"
	configCommand      = "config"
	configCheckCommand = configCommand + " check"
	rulesCommand       = "rules"
	defaultListen      = ":9355"
	// mostCertificateDays is a century.
	mostCertificateDays = 36500
)

// programFlags holds the values of the command line and the environment, as given.
type programFlags struct {
	sentinel sentinelFlags
	node     nodeFlags
	// certificateDays is how soon a certificate expires that is a finding of preflight.
	certificateDays int
	collector       collector.Options
	listen          *toolkit.FlagConfig
	web             web.Options // without Timeout and OnlyProbes, which follow from other flags
	admin           adminFlags
	probe           probeFlags
	fleet           fleetFlags
	history         historyFlags
	roleGrace       time.Duration
	hosts           canstop.HostMap
	log             promslog.Config
	rules           alerts.Config
	commands        map[string]cli.Runner // by full name; each has its own flags and arguments
}

// sentinelFlags holds the Sentinel addresses and credentials.
type sentinelFlags struct {
	addresses    []string
	discover     bool // also ask the Sentinels that these know
	username     string
	passwordFile string
	tls          tlsFlags
	timeout      time.Duration // for requests that have no timeout of their own
	replyMemory  units.Base2Bytes
}

// nodeFlags hold the account for the data nodes; nothing is sent to them without a password file.
type nodeFlags struct {
	username     string
	passwordFile string
	tls          bool
}

// tlsFlags holds how to connect to the Sentinels with TLS.
type tlsFlags struct {
	on     bool
	config config.TLSConfig
}

// historyFlags holds where the records of failovers are kept, and how much of them.
type historyFlags struct {
	file    string
	maxSize units.Base2Bytes
	maxAge  model.Duration
}

// probeFlags holds the modules of /probe and the limits of what it keeps.
type probeFlags struct {
	configFile string
	options    web.ProberOptions
}

// fleetFlags holds the settings of the named deployments.
type fleetFlags struct {
	maxConnections int
	shard          fleet.Shard
	externalURL    *url.URL
	deployment     *string // the one that a command is about; nil for that of --sentinel.address
}

// adminFlags holds the addresses of the admin server; without one there is none.
type adminFlags struct {
	listen     []string
	configFile string
}

// newApp returns the application, which parses its flags into f. The flags belong to the
// application, not to a command, since all commands ask the same Sentinels.
func newApp(f *programFlags) *kingpin.Application {
	app := kingpin.New(name, "Prometheus exporter for Redis and Valkey Sentinel.").DefaultEnvars()
	app.Version(version.Print(name))
	app.HelpFlag.Short('h')
	withoutVariables(app)
	f.sentinel.addTo(app)
	f.node.addTo(app)
	app.Flag("preflight.certificate-days", "Certificates of data nodes and Sentinels that expire within so many days are a finding of preflight; 0 is only those that have.").
		Default("14").IntVar(&f.certificateDays)
	app.Flag("timeout-offset", "Time subtracted from the timeout of a scrape, so that the answer arrives in time.").
		Default("500ms").DurationVar(&f.web.TimeoutOffset)
	addCollectorFlags(app, &f.collector)
	f.listen = toolkitflag.AddFlags(app, defaultListen)
	addWebFlags(app, &f.web)
	app.Flag("role.grace", "How long load balancers that ask /role/... get the last answer if nobody can tell which node is the master.").
		Default("10s").DurationVar(&f.roleGrace)
	app.Flag("host-map", "The machine, or the zone, that a host is on, for can-stop and drain: HOST=NAME or HOST:PORT=NAME. By these names /role/... can be asked, too. Repeatable.").
		PlaceHolder("HOST=NAME").SetValue(hostMapValue{&f.hosts})
	f.history.addTo(app)
	f.probe.addTo(app)
	f.fleet.addTo(app)
	f.admin.addTo(app)
	promslogflag.AddFlags(app, &f.log)
	app.Command(serveCommand, "Serve the metrics over HTTP; the default.")
	app.Command(configCommand, "Check the configuration.").
		Command("check", "Report what serve would refuse, and print what --config.file says.")
	addRules(app, &f.rules)
	f.commands = cli.AddCommands(app)
	nameInErrors(app)
	return app
}

func (f *sentinelFlags) addTo(app *kingpin.Application) {
	app.Flag("sentinel.address", "A Sentinel of the deployment, as host:port. Repeatable; one value may also hold several, with commas. "+defaultAddress+" if neither this nor --config.file is given.").
		PlaceHolder("HOST:PORT").StringsVar(&f.addresses)
	app.Flag("sentinel.discover-peers", "Also ask the Sentinels that the given ones know, with the same credentials.").
		BoolVar(&f.discover)
	app.Flag("sentinel.reply-memory", "Most that the replies of all Sentinels together may take in memory; one Sentinel may take half of it. The replies to probes, and those of the named deployments, have as much of their own.").
		Default("64MiB").BytesVar(&f.replyMemory)
	app.Flag("sentinel.username", "ACL user to authenticate as; the default user if not given.").
		PlaceHolder("USER").StringVar(&f.username)
	app.Flag("sentinel.password-file", "File with the password of the Sentinels; $"+passwordVariable+" can hold it instead.").
		PlaceHolder("FILE").StringVar(&f.passwordFile)
	app.Flag("sentinel.tls", "Connect to the Sentinels with TLS.").
		BoolVar(&f.tls.on)
	app.Flag("sentinel.tls-ca-file", "File with the certificates (PEM) of the authorities to trust; those of the system if not given.").
		PlaceHolder("FILE").StringVar(&f.tls.config.CAFile)
	app.Flag("sentinel.tls-cert-file", "File with the client certificate (PEM). Read for each connection.").
		PlaceHolder("FILE").StringVar(&f.tls.config.CertFile)
	app.Flag("sentinel.tls-key-file", "File with the key (PEM) of the client certificate. Read for each connection.").
		PlaceHolder("FILE").StringVar(&f.tls.config.KeyFile)
	app.Flag("sentinel.tls-server-name", "Name to expect in the certificates of the Sentinels; the host of the address if not given.").
		PlaceHolder("NAME").StringVar(&f.tls.config.ServerName)
	app.Flag("sentinel.tls-insecure-skip-verify", "Accept any certificate.").
		BoolVar(&f.tls.config.InsecureSkipVerify)
	app.Flag("sentinel.timeout", "How long the Sentinels may take to answer when the request brings no timeout of its own.").
		Default("5s").DurationVar(&f.timeout)
}

func (f *nodeFlags) addTo(app *kingpin.Application) {
	app.Flag("node.username", "ACL user to connect to the data nodes as, for preflight, drill, /status and failover --fence; the default user if not given.").
		PlaceHolder("USER").StringVar(&f.username)
	app.Flag("node.password-file", "File with the password of that user. Nothing is sent to a data node if it is not given.").
		PlaceHolder("FILE").StringVar(&f.passwordFile)
	app.Flag("node.tls", "Connect to the data nodes with TLS, with the files of --sentinel.tls-....").
		BoolVar(&f.tls)
}

func addCollectorFlags(app *kingpin.Application, opts *collector.Options) {
	app.Flag("collector.replicas", "Metrics about each replica.").
		Default("true").BoolVar(&opts.Replicas)
	app.Flag("collector.peers", "Metrics about each other Sentinel that a Sentinel knows.").
		Default("true").BoolVar(&opts.Peers)
	app.Flag("collector.events", "Metrics from the events that the Sentinels publish; needs a second connection to each of them.").
		Default("true").BoolVar(&opts.Events)
	app.Flag("collector.info-cache", "Metrics from the INFO of each data node, as cached by the Sentinels. Without them the checks have it of a single master, and of those that do not look well.").
		Default("false").BoolVar(&opts.InfoCache)
}

func addWebFlags(app *kingpin.Application, opts *web.Options) {
	app.Flag("web.telemetry-path", "Path of the metrics.").
		Default("/metrics").StringVar(&opts.TelemetryPath)
	app.Flag("web.max-requests", "Most concurrent requests that ask the Sentinels; 0 is no limit.").
		Default("40").IntVar(&opts.MaxRequests)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics about the exporter itself (promhttp_*, process_*, go_*).").
		BoolVar(&opts.DisableExporterMetrics)
	app.Flag("web.enable-lifecycle", "Reload --config.file on POST /-/reload.").
		BoolVar(&opts.EnableLifecycle)
}

func (f *historyFlags) addTo(app *kingpin.Application) {
	app.Flag("history.file", "File to keep the records of failovers in, so that they survive a restart; of one exporter only.").
		PlaceHolder("FILE").StringVar(&f.file)
	app.Flag("history.max-size", "Most that this file may take; the oldest records go first.").
		Default("16MiB").BytesVar(&f.maxSize)
	app.Flag("history.max-age", "Age at which a record is removed from it.").
		Default("90d").SetValue(&f.maxAge)
}

func (f *probeFlags) addTo(app *kingpin.Application) {
	app.Flag("config.file", "File with the named deployments, and the modules for these and for /probe. Reloaded on SIGHUP.").
		PlaceHolder("FILE").StringVar(&f.configFile)
	app.Flag("probe.max-connections", "Most Sentinels to keep connections to between probes; also the most concurrent probes.").
		Default("4000").IntVar(&f.options.MaxConnections)
	app.Flag("probe.idle-timeout", "How long to keep the connections to Sentinels that are no longer probed.").
		Default("5m").DurationVar(&f.options.IdleTimeout)
}

func (f *fleetFlags) addTo(app *kingpin.Application) {
	app.Flag("deployment", "The deployment of --config.file that a command asks, instead of that of --sentinel.address; not for serve.").
		NoEnvar().PlaceHolder("NAME").SetValue(optionalText{&f.deployment})
	app.Flag("fleet.max-connections", "Most Sentinels that the deployments of --config.file may have. To each there are two connections: one for its events.").
		Default("4000").IntVar(&f.maxConnections)
	app.Flag("fleet.shard", "The part of the deployments that this exporter has, of several with the same --config.file: INDEX/COUNT, from 0/5 to 4/5. A pod's name with /COUNT will do.").
		PlaceHolder("INDEX/COUNT").SetValue(shardValue{&f.shard})
	app.Flag("web.external-url", "Where Prometheus reaches this exporter, for /sd?role=deployment; the address that the request comes to if not given.").
		PlaceHolder("URL").SetValue(urlValue{&f.externalURL})
}

func (f *adminFlags) addTo(app *kingpin.Application) {
	app.Flag("admin.listen-address", "Address to listen on for calls that change the Sentinels; none by default. Repeatable.").
		PlaceHolder("ADDRESS").StringsVar(&f.listen)
	app.Flag("admin.config.file", "Web configuration file for that address, like --web.config.file. It must require basic auth or client certificates.").
		PlaceHolder("FILE").StringVar(&f.configFile)
}
