package sentinel

import (
	"strconv"
	"strings"
)

// ParseEvent parses an event as a Sentinel publishes it, or logs it: its name, and the rest. If it is
// unknown or malformed, Details has the rest.
func ParseEvent(name, payload string) Event {
	e := Event{Name: name, Raw: payload}
	if name == eventSet {
		e.Raw = withoutPassword(payload)
	}
	e.Details = e.Raw
	for _, layout := range eventTable() { // no map: each of thousands of streams would keep one
		if layout.name != name {
			continue
		}
		parsed := e
		parsed.Details = ""
		if parsed.fill(layout) {
			return parsed
		}
	}
	return e
}

// fill parses the payload, and reports whether it is well-formed.
func (e *Event) fill(layout eventLayout) bool {
	switch layout.shape {
	case shapeInstance:
		rest, details, ok := cutWords(e.Raw, layout.words)
		e.Details = details
		return ok && e.instance(rest)
	case shapeSet:
		rest, details, ok := cutSet(e.Raw)
		e.Details = details
		return ok && e.instance(rest)
	case shapeSwitch:
		return e.switched(e.Raw)
	case shapeEpoch:
		return e.epoch(e.Raw)
	case shapeVote:
		_, epoch, ok := cutWord(e.Raw)
		e.Details = e.Raw
		return ok && e.epoch(epoch)
	}
	e.Details = e.Raw
	return true
}

// instance parses TYPE NAME IP PORT and, unless it is a master, @ and its master. The name
// of a master may contain spaces, so the parts after it are cut off first. The names of
// replicas and Sentinels have none.
func (e *Event) instance(text string) bool {
	kind, rest, ok := strings.Cut(text, " ")
	if !ok {
		return false
	}
	e.Kind = kind
	if kind == RoleMaster {
		e.Master, e.MasterAddress, ok = cutAddress(rest)
		e.Node, e.Address = e.Master, e.MasterAddress
		return ok
	}
	node, master, ok := strings.Cut(rest, " @ ")
	if !ok {
		return false
	}
	e.Node, e.Address, ok = cutAddress(node)
	if !ok {
		return false
	}
	e.Master, e.MasterAddress, ok = cutAddress(master)
	return ok
}

func (e *Event) switched(text string) bool {
	rest, next, ok := cutAddress(text)
	if !ok {
		return false
	}
	e.Master, e.MasterAddress, ok = cutAddress(rest)
	e.NewAddress = next
	e.Kind, e.Node, e.Address = RoleMaster, e.Master, next
	return ok
}

func (e *Event) epoch(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return false
	}
	e.Epoch = Some(n)
	e.Details = e.Raw
	return true
}

// cutWord cuts off the last word of text.
func cutWord(text string) (before, word string, ok bool) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}

// cutWords cuts off the last count words of text.
func cutWords(text string, count int) (before, words string, ok bool) {
	before = text
	for range count {
		if before, _, ok = cutWord(before); !ok {
			return "", "", false
		}
	}
	return before, strings.TrimPrefix(text[len(before):], " "), true
}

// cutAddress cuts off host and port at the end of text.
func cutAddress(text string) (before, addr string, ok bool) {
	rest, port, ok := cutWord(text)
	if !ok || !isPort(port) {
		return "", "", false
	}
	before, host, ok := cutWord(rest)
	if !ok || host != "" && !isHost(host) {
		return "", "", false
	}
	return before, address(host, port), true
}

func isPort(word string) bool {
	n, err := strconv.ParseUint(word, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == word
}

// cutSet cuts off an option of SENTINEL SET and its values at the end of text. Names and
// values may contain spaces, so it looks for the first known option that follows a port. If
// there is none, the option and its value are the last two words.
func cutSet(text string) (before, set string, ok bool) {
	words := strings.Split(text, " ")
	for i := 3; i+1 < len(words); i++ {
		if isSetOption(words[i]) && isPort(words[i-1]) {
			return strings.Join(words[:i], " "), strings.Join(words[i:], " "), true
		}
	}
	return cutWords(text, 2)
}

// withoutPassword hides the password in a +set, which Sentinels before 6.2.8 publish.
func withoutPassword(set string) string {
	const option = " auth-pass "
	for i := range len(set) - len(option) + 1 {
		if end := i + len(option); strings.EqualFold(set[i:end], option) {
			return set[:end] + "******"
		}
	}
	return set
}
