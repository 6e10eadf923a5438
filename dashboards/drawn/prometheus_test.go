package drawn

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A prometheus is a real one, at http://host:port, until the test's end.
type prometheus string

func startPrometheus(t *testing.T, config string) prometheus {
	t.Helper()
	dir, address := t.TempDir(), sentineltest.FreeAddr(t)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := prometheus("http://" + address)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := sentineltest.StartProgram(ctx, filepath.Join(dir, "log"), func(ctx context.Context) error {
		return p.get(ctx, "/-/ready", nil)
	}, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	if err != nil {
		t.Fatalf("%v (`make dashboards-drawn` installs it)", err)
	}
	t.Cleanup(server.Stop)
	return p
}

// series returns the labels of what a query finds now.
func (p prometheus) series(ctx context.Context, query string) ([]map[string]string, error) {
	var reply struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	err := p.get(ctx, "/api/v1/query?query="+url.QueryEscape(query), &reply)
	var list []map[string]string
	for _, r := range reply.Data.Result {
		list = append(list, r.Metric)
	}
	return list, err
}

func (p prometheus) get(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, string(p)+path, nil)
	if err != nil {
		return err
	}
	request.Close = true // no idle connection stays behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}
