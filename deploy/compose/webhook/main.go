// Webhook takes what Alertmanager sends to its receivers and prints a line for
// each alert. It stands for the pager, the chat and other receivers.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// address is where deploy/alertmanager.yml sends to.
const address = ":9000"

func main() {
	server := &http.Server{Addr: address, Handler: handler(os.Stdout), ReadTimeout: 10 * time.Second}
	_, _ = fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1) // it serves until it is killed, or cannot
}

// A notification is what Alertmanager sends, as far as it is printed.
type notification struct {
	Receiver string  `json:"receiver"`
	Alerts   []alert `json:"alerts"`
}

type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// handler prints what it is sent.
func handler(out io.Writer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n notification
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&n); err != nil {
			http.Error(w, "this is no notification: "+err.Error(), http.StatusBadRequest)
			return
		}
		for _, a := range n.Alerts {
			if _, err := fmt.Fprintln(out, n.Receiver, a); err != nil { // Alertmanager sends it again
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
	})
}

// String is the alert on one line: what, about what, and in words.
func (a alert) String() string {
	var about []string
	for name, value := range a.Labels {
		if name != "alertname" && name != "severity" {
			about = append(about, name+"="+value)
		}
	}
	slices.Sort(about)
	return fmt.Sprintf("%-8s %s {%s} %s", a.Status, a.Labels["alertname"], strings.Join(about, ", "), a.Annotations["description"])
}
