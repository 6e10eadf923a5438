package health

import (
	"bytes"
	"encoding/json"

	"redis_sentinel_exporter/sentinel"
)

// MarshalJSON escapes a name or an address that is not UTF-8 as the metrics do.
// encoding/json would write U+FFFD for each invalid byte, and two masters could end up
// with one name.
func (m MasterReport) MarshalJSON() ([]byte, error) {
	type master MasterReport // without this method
	m.Name, m.Address = sentinel.ValidUTF8(m.Name), sentinel.ValidUTF8(m.Address)
	return encode(master(m))
}

// MarshalJSON escapes the name of the master in the same way.
func (f Finding) MarshalJSON() ([]byte, error) {
	type finding Finding // without this method
	f.Master = sentinel.ValidUTF8(f.Master)
	return encode(finding(f))
}

// encode does not escape HTML: the outer encoder decides that.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
