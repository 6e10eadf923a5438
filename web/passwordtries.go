package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// A password takes some 50 ms of a processor to be tried, or as long as its hash demands.
const (
	triesAtOnce    = 2  // on processors; others wait
	mostTries      = 32 // under way or waiting
	mostTriesOfOne = 2  // of these, from one address
)

var errTooManyTries = errors.New("too many passwords are being tried, try again later")

// passwordTries compares passwords with hashes, a few at a time. One that was right is let
// through at once, so that whoever has logged in does not wait for those who guess. It is
// safe for concurrent use.
type passwordTries struct {
	key    []byte        // of the marks, of this process
	places chan struct{} // to compare

	mu    sync.Mutex     // guards the fields below
	from  map[string]int // under way or waiting, by address
	all   int
	right map[string][]byte // by user: the mark of the right password
}

func newPasswordTries() *passwordTries {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // it never fails
	return &passwordTries{key: key, places: make(chan struct{}, triesAtOnce), from: make(map[string]int), right: make(map[string][]byte)}
}

// try returns nil if the password is that of the hash, and errTooManyTries if nobody has looked.
// user is empty if there is none of the name.
func (p *passwordTries) try(ctx context.Context, from, user, hash, password string) error {
	mark := p.mark(hash, password)
	if p.wasRight(user, mark) {
		return nil
	}
	if !p.enter(from) {
		return errTooManyTries
	}
	defer p.leave(from)
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)); err != nil {
		return fmt.Errorf("comparing the password: %w", err)
	}
	if user != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.right[user] = mark
	}
	return nil
}

// mark returns what a password is remembered by. Another hash in the file is another mark.
func (p *passwordTries) mark(hash, password string) []byte {
	h := hmac.New(sha256.New, p.key)
	fmt.Fprintf(h, "%d %s%s", len(hash), hash, password)
	return h.Sum(nil)
}

func (p *passwordTries) wasRight(user string, mark []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return user != "" && hmac.Equal(p.right[user], mark)
}

// enter takes a place in the line, if there is one.
func (p *passwordTries) enter(from string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= mostTries || p.from[from] >= mostTriesOfOne {
		return false
	}
	p.all++
	p.from[from]++
	return true
}

func (p *passwordTries) leave(from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.from[from]--; p.from[from] == 0 {
		delete(p.from, from)
	}
}
