package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/sentinel"
)

// settle fills in the way and the settings of the operation from the arguments and flags.
func (w *writeCommand) settle() error {
	var err error
	if w.op.Way, err = w.way.way(); err != nil {
		return err
	}
	settings, err := fromWords(w.words)
	if err != nil {
		return err
	}
	for _, set := range w.sets {
		name, value, found := strings.Cut(set, "=")
		if !found {
			return fmt.Errorf("--set: %q is not OPTION=VALUE", name)
		}
		values := []string{value}
		if name == "rename-command" {
			values = strings.Fields(value)
		}
		settings = append(settings, sentinel.Option{Name: name, Values: values})
	}
	for _, s := range settings {
		if s.Name == "auth-pass" && s.Values[0] != "" {
			return errors.New("auth-pass: use --auth-pass-file, since everybody on a machine can read the command lines")
		}
	}
	if w.passwordFile != "" {
		text, err := os.ReadFile(w.passwordFile)
		if err != nil {
			return fmt.Errorf("--auth-pass-file: %w", err)
		}
		password := strings.TrimRight(string(text), "\r\n")
		if password == "" {
			return fmt.Errorf("--auth-pass-file: %s is empty", w.passwordFile)
		}
		settings = append(settings, sentinel.Option{Name: "auth-pass", Values: []string{password}})
	}
	w.op.Settings = settings
	return nil
}

// fromWords reads option, value, option, value and so on; rename-command has two values.
func fromWords(words []string) ([]sentinel.Option, error) {
	var settings []sentinel.Option
	for len(words) > 0 {
		name, n := words[0], 1
		kind, err := admin.KindOf(name)
		if err != nil {
			return nil, err
		}
		if kind == admin.Pair {
			n = 2
		}
		if len(words) <= n {
			return nil, fmt.Errorf("the option %q lacks its value", name)
		}
		settings = append(settings, sentinel.Option{Name: name, Values: words[1 : 1+n]})
		words = words[1+n:]
	}
	return settings, nil
}
