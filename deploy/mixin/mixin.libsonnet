// The alerts and dashboards of redis_sentinel_exporter for those who build with Jsonnet. What
// _config changes are the marks in ../../alerts/rules.template.json; the settings are those of
// `redis_sentinel_exporter rules`.
{
  _config+:: {
    // The jobs of the exporters, as a regular expression.
    jobs: 'redis[_-]sentinel.*',
    // Matchers that every metric gets, such as 'cluster="eu"'.
    selector: '',
    // Labels of targets that tell deployments apart, besides job and deployment. The
    // dashboards get a variable for each.
    groupLabels: [],
    // Yours: what the names of the runbooks are added to, where Grafana is, the pages of docs, and
    // where people reach the pages of the exporter.
    runbookUrl: 'https://runbooks.example.com',
    dashboardUrl: 'https://grafana.example.com',
    docsUrl: 'https://docs.example.com',
    exporterUrl: 'https://exporter.example.com',
    // Alerts to leave out.
    without: [],
    // By the names of alerts: how long they wait, such as '10m'; their severities; what they compare with.
    'for': {},
    severity: {},
    threshold: {},
    // Labels that all alerts get.
    alertLabels: {},
  },

  local config = $._config,
  local all(format) = std.join('', [std.strReplace(format, '%', label) for label in config.groupLabels]),
  // replace replaces one text after the other.
  local replace(text, pairs) = std.foldl(function(t, pair) std.strReplace(t, pair[0], pair[1]), pairs, text),
  local quoted = std.escapeStringJson,

  local template = import '../../alerts/rules.template.json',
  local names = [rule.alert for rule in template],
  local set = config.without + std.objectFields(config['for']) + std.objectFields(config.severity) + std.objectFields(config.threshold),
  local unknown = std.setDiff(std.set(set), std.set(names)),
  local bare = [rule.alert for rule in template if rule.alert in config.threshold && !('threshold' in rule)],

  local expression(rule) = replace(rule.expr, [
    [', @LABEL@', all(', %')],
    ['{@SELECTOR@}', if config.selector == '' then '' else '{' + config.selector + '}'],
    ['@SELECTOR@, ', if config.selector == '' then '' else config.selector + ', '],
    ['"@JOBS@"', quoted(config.jobs)],
    ['@THRESHOLD@', std.toString(std.get(config.threshold, rule.alert, std.get(rule, 'threshold', '')))],
  ]),
  local annotation(text) = replace(text, [
    ['{{ with $labels.@LABEL@ }}/{{ . }}{{ end }}', all('{{ with $labels.% }}/{{ . }}{{ end }}')],
    ['{{ with $labels.@LABEL@ }}&var-@LABEL@={{ . | urlquery }}{{ end }}', all('{{ with $labels.% }}&var-%={{ . | urlquery }}{{ end }}')],
    ['@JOBS@', config.jobs],
    [' and @SELECTOR@', if config.selector == '' then '' else ' and ' + config.selector],
    ['@RUNBOOKS@', config.runbookUrl],
    ['@DASHBOARDS@', config.dashboardUrl],
    ['@EXPORTER@', config.exporterUrl],
  ]),
  local rule(r) = {
    alert: r.alert,
    expr: expression(r),
    [if r.alert in config['for'] || 'for' in r then 'for']: std.get(config['for'], r.alert, std.get(r, 'for')),
    [if 'keep_firing_for' in r then 'keep_firing_for']: r.keep_firing_for,
    labels: r.labels + config.alertLabels + { [if r.alert in config.severity then 'severity']: config.severity[r.alert] },
    annotations: std.mapWithKey(function(_, text) annotation(text), r.annotations),
  },

  assert unknown == [] : 'there is no alert ' + unknown[0],
  assert bare == [] : bare[0] + ' has no threshold',
  assert std.findSubstr('{{', config.jobs + config.selector) == [] : 'jobs and selector are no templates',

  prometheusAlerts+:: {
    groups+: [{ name: 'redis_sentinel', rules: [rule(r) for r in template if !std.member(config.without, r.alert)] }],
  },

  // What differs in the texts of a dashboard, its queries among them.
  local texts(v) =
    if std.isString(v) then replace(v, [
      ['job=~"redis[_-]sentinel.*"', 'job=~' + quoted(config.jobs)],
      ['{job=~"', if config.selector == '' then '{job=~"' else '{' + config.selector + ', job=~"'],
      ['deployment=~"$deployment"', 'deployment=~"$deployment"' + all(', %=~"$%"')],
      ['(job, deployment', '(job, deployment' + all(', %')],
      ['&var-deployment=${__data.fields.deployment}', '&var-deployment=${__data.fields.deployment}' + all('&var-%=${__data.fields.%}')],
      ['https://runbooks.example.com', config.runbookUrl],
      ['https://docs.example.com', config.docsUrl],
      ['https://exporter.example.com', config.exporterUrl],
    ])
    else if std.isArray(v) then [texts(e) for e in v]
    else if std.isObject(v) then std.mapWithKey(function(_, e) texts(e), v)
    else v,
  // A variable for each of groupLabels, as that for the deployment, before it. It is asked for
  // with the jobs alone.
  local variables(list) = std.flatMap(
    function(v) if v.name != 'deployment' then [v] else [
      local query = replace(v.query, [[', deployment)', ', ' + label + ')']]);
      v { name: label, label: label, description: 'The label ' + label + ' of the targets.', query: query, definition: query }
      for label in config.groupLabels
    ] + [v],
    list
  ),
  local board(b) = texts(b) + { templating+: { list: variables(texts(b.templating.list)) } },

  grafanaDashboards+:: {
    'redis-sentinel-fleet.json': board(import '../../dashboards/fleet.json'),
    'redis-sentinel-overview.json': board(import '../../dashboards/overview.json'),
    'redis-sentinel-master.json': board(import '../../dashboards/master.json'),
    'redis-sentinel-sentinel.json': board(import '../../dashboards/sentinel.json'),
  },
}
