#!/usr/bin/env bash
# kingpin 2.4.0 (Go).
#
# Guess: StringMap, documented as "<key>=<value>", splits a value at the equals sign.
# Really: it splits at the first "=" or ":", whichever comes first, so that
#   --zone=10.0.0.1:6379=a is the key 10.0.0.1 with the value 6379=a. No error, and a later
#   value for another port of that host replaces it.
# Consequence: a flag that maps addresses to something cannot be a StringMap; host:port and
#   IPv6 addresses are cut in two without a word. Write a Value of your own.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || { echo "This takes Go" >&2; exit 2; }
cat >go.mod <<'MOD'
module finding

go 1.22
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"
)

func main() {
	app := kingpin.New("zones", "")
	zones := app.Flag("zone", "").StringMap()
	kingpin.MustParse(app.Parse(os.Args[1:]))
	fmt.Println(len(*zones), *zones)
}
GO
go get github.com/alecthomas/kingpin/v2@v2.4.0 >log 2>&1 || { cat log >&2; exit 2; }
go build -o zones . >log 2>&1 || { cat log >&2; exit 2; }
expect '--zone=10.0.0.1=a' "$(./zones --zone=10.0.0.1=a)" '1 map\[10.0.0.1:a\]'
expect '--zone=10.0.0.1:6379=a' "$(./zones --zone=10.0.0.1:6379=a)" '1 map\[10.0.0.1:6379=a\]'
expect 'that is one key for two ports' "$(./zones --zone=10.0.0.1:6379=a --zone=10.0.0.1:26379=b)" '1 map\[10.0.0.1:26379=b\]'
