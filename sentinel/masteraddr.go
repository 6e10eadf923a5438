package sentinel

import (
	"context"
	"fmt"
)

// MasterAddr asks for the address of a master, as host:port (SENTINEL
// GET-MASTER-ADDR-BY-NAME). It is absent for a name that the Sentinel does not
// monitor, which is no error.
func (c *Client) MasterAddr(ctx context.Context, name string) (Optional[string], error) {
	return query(ctx, c, parseMasterAddr, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
}

func parseMasterAddr(raw string) (Optional[string], error) {
	r := reply{rest: raw}
	if r.isNil() {
		return Optional[string]{}, r.end()
	}
	if n, err := r.array(); err != nil || n != 2 {
		return Optional[string]{}, errMalformed
	}
	host, err := r.text()
	if err != nil {
		return Optional[string]{}, err
	}
	port, err := r.text()
	if err != nil {
		return Optional[string]{}, err
	}
	if host != "" && !isHost(host) || !isPort(port) {
		return Optional[string]{}, fmt.Errorf("%w: %q is no address", errMalformed, clip(host+" "+port))
	}
	return Some(address(host, port)), r.end()
}
