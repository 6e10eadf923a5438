package app

import (
	"io"
)

// checkConfig refuses what serve would refuse before it listens, without asking
// any Sentinel, and prints what the configuration file says.
func checkConfig(f *flags, out io.Writer) error {
	if err := f.checkFiles(); err != nil {
		return err
	}
	deployment, err := f.deployment()
	if err != nil {
		return err
	}
	deployment.Close()
	file, err := f.probe.open()
	if err != nil {
		return err
	}
	if !file.Exists() {
		_, err = io.WriteString(out, "The flags are in order; there is no --config.file.\n")
		return err
	}
	_, err = io.WriteString(out, file.Config().String())
	return err
}
