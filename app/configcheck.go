package app

import (
	"io"
)

// printConfig prints the content of the configuration file. It checks nothing: making the
// Config has already found all that serve would refuse before it listens.
func printConfig(c *Config, out io.Writer) error {
	text := "The flags are in order; there is no --config.file.\n"
	if c.Modules.Exists() {
		text = c.Modules.Config().String()
	}
	_, err := io.WriteString(out, text)
	return err
}
