// Faults breaks things in the stack of docker-compose.yml, for people to watch: it
// says what it does and where to look, waits for Enter, and mends it again.
//
//	faults            one after the other
//	faults NAME...    these
//	faults -list
//
// The variable COMPOSE names another program than "docker compose". The ports are
// those of docker-compose.yml, with its variables.
package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	s := &stack{compose: strings.Fields(cmp.Or(os.Getenv("COMPOSE"), "docker compose")), out: os.Stdout, getenv: os.Getenv}
	if err := run(ctx, os.Args[1:], s, os.Stdin); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// run shows the faults that are named, or all.
func run(ctx context.Context, args []string, s *stack, in io.Reader) error {
	set := flag.NewFlagSet("faults", flag.ContinueOnError)
	list := set.Bool("list", false, "only say which there are")
	if err := set.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(set.Args())
	if err != nil {
		return err
	}
	enter := lines(in)
	for i := range chosen {
		if *list {
			s.say(chosen[i].name + ": " + chosen[i].says)
			continue
		}
		if err := s.show(ctx, &chosen[i], enter); err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// choose returns the faults of these names.
func choose(names []string) ([]fault, error) {
	all := faults()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []fault
	var known []string
	for _, f := range all {
		known = append(known, f.name)
	}
	for _, name := range names {
		before := len(chosen)
		for _, f := range all {
			if f.name == name {
				chosen = append(chosen, f)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// lines gives a value for each line, and is closed at the end. Who waits for a
// line of a terminal can wait for something else as well, such as Ctrl-C.
func lines(in io.Reader) <-chan struct{} {
	enter := make(chan struct{})
	go func() { // ends with the input, or the program
		defer close(enter)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			enter <- struct{}{}
		}
	}()
	return enter
}
