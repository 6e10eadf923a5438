package faults

import (
	"errors"
	"net"
	"strconv"
)

// elsewhere is an address of this machine that is none of its loopback ones.
func elsewhere() (string, error) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, i := range interfaces {
		if ip, ok := i.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			return ip.IP.String(), nil
		}
	}
	return "", errors.New("this machine has no IPv4 address but loopback ones")
}

// bindElsewhere makes the Sentinels listen there as well. Where there is no such
// address the fault will say so.
func bindElsewhere() []string {
	ip, err := elsewhere()
	if err != nil {
		return nil
	}
	return []string{"bind 127.0.0.1 " + ip}
}

// askFromElsewhere returns the Sentinels at that address.
func askFromElsewhere(r *Rig) ([]string, error) {
	ip, err := elsewhere()
	if err != nil {
		return nil, err
	}
	addrs := make([]string, len(r.Sentinels))
	for i, s := range r.Sentinels {
		addrs[i] = net.JoinHostPort(ip, strconv.Itoa(s.Port()))
	}
	return addrs, nil
}
