package verify

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"go.uber.org/goleak"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8slabels "k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the generated file again")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// build does what kubectl kustomize does with the directory of the manifests.
func build(t *testing.T) resmap.ResMap {
	t.Helper()
	return buildFrom(t, "..")
}

func buildFrom(t *testing.T, dir string) resmap.ResMap {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// one decodes the resource of a kind and name with Kubernetes' own types, in
// which a field that is misspelled is an error.
func one[T any](t *testing.T, all resmap.ResMap, kind, name string) *T {
	t.Helper()
	for _, r := range all.Resources() {
		if r.GetKind() != kind || r.GetName() != name {
			continue
		}
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		var into T
		if err := yaml.UnmarshalStrict(text, &into); err != nil {
			t.Fatalf("%s %s: %v", kind, name, err)
		}
		return &into
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}

// TestBuild: everything is there, in one namespace, and known to the test below.
func TestBuild(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range build(t).Resources() {
		got = append(got, r.GetKind()+" "+strings.SplitN(r.GetName(), "-exporter-", 2)[0])
		if r.GetNamespace() != "monitoring" {
			t.Errorf("%s %s is in namespace %q", r.GetKind(), r.GetName(), r.GetNamespace())
		}
	}
	want := []string{
		"ConfigMap redis-sentinel", "ConfigMap redis-sentinel-fleet", "ConfigMap redis-sentinel-master", "ConfigMap redis-sentinel-overview", "ConfigMap redis-sentinel-sentinel",
		"Deployment redis-sentinel-exporter", "NetworkPolicy redis-sentinel-exporter", "Probe redis-sentinel-orders",
		"PrometheusRule redis-sentinel", "Service redis-sentinel-exporter", "ServiceMonitor redis-sentinel-exporter",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestNamespace: to change the namespace in one place is enough. An overlay does it
// here, as the line in kustomization.yaml does.
func TestNamespace(t *testing.T) {
	t.Parallel()
	base, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(overlay, base)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("namespace: elsewhere\nresources: [" + relative + "]\n")
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range buildFrom(t, overlay).Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if r.GetNamespace() != "elsewhere" || strings.Contains(strings.ReplaceAll(string(text), "monitoring.coreos.com", ""), "monitoring") {
			t.Errorf("%s %s still names the namespace monitoring", r.GetKind(), r.GetName())
		}
	}
}

// TestPodSecurity: it fits the restricted profile of Kubernetes' Pod Security
// Standards, and needs no file to write and no token.
func TestPodSecurity(t *testing.T) {
	t.Parallel()
	restricted(t, one[appsv1.Deployment](t, build(t), "Deployment", "redis-sentinel-exporter").Spec.Template.Spec)
	restricted(t, one[appsv1.StatefulSet](t, buildFrom(t, "../sharded"), "StatefulSet", "redis-sentinel-shard").Spec.Template.Spec)
}

func restricted(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	c := pod.Containers[0]
	for what, ok := range map[string]bool{
		"runs as another user than root":   *pod.SecurityContext.RunAsNonRoot && *pod.SecurityContext.RunAsUser > 0,
		"has the runtime's seccomp":        pod.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"has no token":                     !*pod.AutomountServiceAccountToken,
		"cannot raise its privileges":      !*c.SecurityContext.AllowPrivilegeEscalation,
		"cannot write":                     *c.SecurityContext.ReadOnlyRootFilesystem,
		"has no capability":                reflect.DeepEqual(c.SecurityContext.Capabilities.Drop, []corev1.Capability{"ALL"}) && c.SecurityContext.Capabilities.Add == nil,
		"has memory for the worst reply":   c.Resources.Limits.Memory().Value() >= 512<<20, // what TestFaultMatrix allows
		"shares nothing of the host":       !pod.HostNetwork && !pod.HostPID && !pod.HostIPC,
		"has one container":                len(pod.Containers) == 1 && len(pod.InitContainers) == 0,
		"has no variables of the services": !*pod.EnableServiceLinks,
	} {
		if !ok {
			t.Errorf("it is not so that it %s", what)
		}
	}
	for _, m := range c.VolumeMounts {
		if !m.ReadOnly {
			t.Errorf("%s can be written", m.MountPath)
		}
	}
}

// TestPodIsReached: the probes, the Service, the NetworkPolicy and what scrapes
// speak of the same port, labels and paths.
func TestPodIsReached(t *testing.T) {
	t.Parallel()
	all := build(t)
	d := one[appsv1.Deployment](t, all, "Deployment", "redis-sentinel-exporter")
	c := d.Spec.Template.Spec.Containers[0]
	port := c.Ports[0]
	if port.ContainerPort != 9355 {
		t.Errorf("port %d", port.ContainerPort)
	}
	for path, p := range map[string]*corev1.Probe{"/-/healthy": c.LivenessProbe, "/-/ready": c.ReadinessProbe} {
		if p.HTTPGet.Path != path || p.HTTPGet.Port.StrVal != port.Name {
			t.Errorf("%+v, want %s", p.HTTPGet, path)
		}
	}
	labels := d.Spec.Template.Labels
	s := one[corev1.Service](t, all, "Service", "redis-sentinel-exporter")
	if s.Spec.Ports[0].TargetPort.StrVal != port.Name || !reflect.DeepEqual(s.Spec.Selector, labels) {
		t.Errorf("the Service leads to %v at %v, the pod has %v", s.Spec.Selector, s.Spec.Ports[0].TargetPort, labels)
	}
	n := one[networkingv1.NetworkPolicy](t, all, "NetworkPolicy", "redis-sentinel-exporter")
	if n.Spec.Ingress[0].Ports[0].Port.StrVal != port.Name || !reflect.DeepEqual(n.Spec.PodSelector.MatchLabels, labels) {
		t.Errorf("the NetworkPolicy is about %v, the pod has %v", n.Spec.PodSelector.MatchLabels, labels)
	}
	letsPrometheusIn(t, n)
	m := one[monitoringv1.ServiceMonitor](t, all, "ServiceMonitor", "redis-sentinel-exporter")
	if m.Spec.Endpoints[0].Port != s.Spec.Ports[0].Name || !reflect.DeepEqual(m.Spec.Selector.MatchLabels, s.Labels) {
		t.Errorf("the ServiceMonitor looks for %v at %s, the Service has %v", m.Spec.Selector.MatchLabels, m.Spec.Endpoints[0].Port, s.Labels)
	}
	p := one[monitoringv1.Probe](t, all, "Probe", "redis-sentinel-orders")
	if want := s.Name + ":9355"; p.Spec.ProberSpec.URL != want || p.Spec.ProberSpec.Path != "/probe" {
		t.Errorf("the Probe asks %s%s, want %s/probe", p.Spec.ProberSpec.URL, p.Spec.ProberSpec.Path, want)
	}
}

// TestConfigMaps: the dashboards are the very files, and the configuration is
// where the exporter looks for it.
func TestConfigMaps(t *testing.T) {
	t.Parallel()
	all := build(t)
	for _, name := range []string{"fleet", "overview", "master", "sentinel"} {
		file, err := os.ReadFile(filepath.Join("../../../dashboards", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		m := one[corev1.ConfigMap](t, all, "ConfigMap", "redis-sentinel-"+name)
		if m.Data[name+".json"] != string(file) || m.Labels["grafana_dashboard"] != "1" {
			t.Errorf("ConfigMap %s does not hold dashboards/%s.json, or Grafana does not find it", m.Name, name)
		}
		text, err := yaml.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 256<<10 {
			t.Errorf("ConfigMap %s has %d bytes: too many for the annotation of kubectl apply", m.Name, len(text))
		}
	}
	pod := one[appsv1.Deployment](t, all, "Deployment", "redis-sentinel-exporter").Spec.Template.Spec
	i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == "config" })
	m := one[corev1.ConfigMap](t, all, "ConfigMap", pod.Volumes[i].ConfigMap.Name)
	k := slices.IndexFunc(pod.Containers[0].VolumeMounts, func(v corev1.VolumeMount) bool { return v.Name == "config" })
	path, file := "", ""
	for _, arg := range pod.Containers[0].Args {
		if value, found := strings.CutPrefix(arg, "--config.file="); found {
			path, file = filepath.Split(value)
		}
	}
	if filepath.Clean(path) != pod.Containers[0].VolumeMounts[k].MountPath || m.Data[file] == "" {
		t.Errorf("--config.file is %s%s; the ConfigMap has %d files at %s", path, file, len(m.Data), pod.Containers[0].VolumeMounts[k].MountPath)
	}
}

// TestPrometheusRule: it is what the file of rules says, and the Operator's types
// take it.
func TestPrometheusRule(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../../../alerts/redis_sentinel.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	const path = "../prometheusrule.yaml"
	want := []byte(prometheusRule(string(rules)))
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("prometheusrule.yaml is not what alerts/redis_sentinel.rules.yml says: run make docs")
	}
	var spec monitoringv1.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(rules, &spec); err != nil {
		t.Fatal(err)
	}
	if built := one[monitoringv1.PrometheusRule](t, build(t), "PrometheusRule", "redis-sentinel"); !reflect.DeepEqual(built.Spec, spec) || len(spec.Groups) == 0 {
		t.Error("the rules that are built are others than those of alerts/")
	}
}

// letsPrometheusIn fails if pods of Prometheus do not match, such as where kustomize has written over the selector.
func letsPrometheusIn(t *testing.T, n *networkingv1.NetworkPolicy) {
	t.Helper()
	pods := n.Spec.Ingress[0].From[0].PodSelector
	if from, err := metav1.LabelSelectorAsSelector(pods); err != nil || !from.Matches(k8slabels.Set{"app.kubernetes.io/name": "prometheus"}) {
		t.Errorf("the NetworkPolicy %s lets in %v (error %v), and not Prometheus", n.Name, pods, err)
	}
}

// TestShards: each pod of the StatefulSet has its own part by the end of its name, and Prometheus asks each for it. All
// speak of the same labels, port and file.
func TestShards(t *testing.T) {
	t.Parallel()
	all := buildFrom(t, "../sharded")
	set := one[appsv1.StatefulSet](t, all, "StatefulSet", "redis-sentinel-shard")
	service := one[corev1.Service](t, all, "Service", set.Spec.ServiceName)
	c := set.Spec.Template.Spec.Containers[0]
	if e := c.Env[0]; e.Name != "POD_NAME" || e.ValueFrom.FieldRef.FieldPath != "metadata.name" {
		t.Errorf("the variable is %+v", e)
	}
	var want []string
	for i := range int(*set.Spec.Replicas) {
		pod := fmt.Sprintf("%s-%d", set.Name, i)
		shard := fmt.Sprintf("--fleet.shard=%s/%d", pod, *set.Spec.Replicas)
		if !slices.ContainsFunc(c.Args, func(arg string) bool { return strings.ReplaceAll(arg, "$(POD_NAME)", pod) == shard }) {
			t.Errorf("no argument of %q becomes %s", c.Args, shard)
		}
		want = append(want, fmt.Sprintf("http://%s.%s:%d/sd?role=deployment", pod, service.Name, service.Spec.Ports[0].Port))
	}
	scrape := one[monitoringv1alpha1.ScrapeConfig](t, all, "ScrapeConfig", "redis-sentinel-shards")
	var got []string
	for _, sd := range scrape.Spec.HTTPSDConfigs {
		got = append(got, sd.URL)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Prometheus asks %q, want %q", got, want)
	}
	labels := set.Spec.Template.Labels
	policy := one[networkingv1.NetworkPolicy](t, all, "NetworkPolicy", "redis-sentinel-shards")
	letsPrometheusIn(t, policy)
	for what, selector := range map[string]map[string]string{"StatefulSet": set.Spec.Selector.MatchLabels, "Service": service.Spec.Selector, "NetworkPolicy": policy.Spec.PodSelector.MatchLabels} {
		if len(labels) == 0 || !reflect.DeepEqual(selector, labels) {
			t.Errorf("the %s is about %v, the pods have %v", what, selector, labels)
		}
	}
	if port := c.Ports[0]; service.Spec.ClusterIP != "None" || service.Spec.Ports[0].TargetPort.StrVal != port.Name || policy.Spec.Ingress[0].Ports[0].Port.StrVal != port.Name {
		t.Errorf("the port %+v is not that of the Service %+v or of the NetworkPolicy %+v", port, service.Spec, policy.Spec)
	}
	config := one[corev1.ConfigMap](t, all, "ConfigMap", set.Spec.Template.Spec.Volumes[0].ConfigMap.Name)
	if config.Data["config.yml"] == "" || !slices.Contains(c.Args, "--config.file="+c.VolumeMounts[0].MountPath+"/config.yml") {
		t.Errorf("%q finds no file in the ConfigMap", c.Args)
	}
}
