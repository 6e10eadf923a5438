package app

import (
	"io"
)

// printConfig prints what the configuration file says. Whatever serve would refuse
// before it listens has been refused when the Config was made, without asking any
// Sentinel.
func printConfig(c *Config, out io.Writer) error {
	text := "The flags are in order; there is no --config.file.\n"
	if c.Modules.Exists() {
		text = c.Modules.Config().String()
	}
	_, err := io.WriteString(out, text)
	return err
}
