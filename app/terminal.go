package app

import (
	"io"
	"os"
)

// isTerminal reports whether in is a terminal, so that questions can be answered. cron gives
// /dev/null, which is a character device, too.
func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
