package app

import (
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/canstop"
)

// A hostMapValue takes HOST=NAME and HOST:PORT=NAME. It is not kingpin's own map, which
// ends the key at the first colon.
type hostMapValue struct{ hosts *canstop.HostMap }

// Set adds one.
func (v hostMapValue) Set(text string) error {
	host, name, found := strings.Cut(text, "=")
	if !found || host == "" || name == "" {
		return fmt.Errorf("%q is not HOST=NAME or HOST:PORT=NAME", text)
	}
	if *v.hosts == nil {
		*v.hosts = make(canstop.HostMap)
	}
	(*v.hosts)[host] = name
	return nil
}

// String lists them.
func (v hostMapValue) String() string {
	var list []string
	for host, name := range *v.hosts {
		list = append(list, host+"="+name)
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

// IsCumulative lets the flag be repeated.
func (hostMapValue) IsCumulative() bool { return true }
