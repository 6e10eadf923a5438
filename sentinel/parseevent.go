package sentinel

import (
	"strconv"
	"strings"
)

// An eventParser reads events. It knows the table by name.
type eventParser map[string]eventLayout

func newEventParser() eventParser {
	p := make(eventParser)
	for _, layout := range eventTable() {
		p[layout.name] = layout
	}
	return p
}

// parse reads a message. It has no error to return: an event that is unknown, or
// not built as it should be, is passed on as it came.
func (p eventParser) parse(channel, payload string) Event {
	e := Event{Name: channel, Raw: payload}
	layout, known := p[channel]
	if channel == eventSet {
		e.Raw = withoutPassword(payload)
	}
	e.Details = e.Raw
	if !known {
		return e
	}
	parsed := e
	parsed.Details = ""
	if !parsed.fill(layout) {
		return e
	}
	return parsed
}

// fill reads the payload, and reports whether it is built as it should be.
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

// instance reads TYPE NAME IP PORT and, unless it is a master itself, the master
// it belongs to. A master's name may have blanks in it, so it is what the parts
// after it leave over; other instances' names have none.
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

// cutWord takes the last word off a text.
func cutWord(text string) (before, word string, ok bool) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}

// cutWords takes the last words off a text.
func cutWords(text string, count int) (before, words string, ok bool) {
	before = text
	for range count {
		if before, _, ok = cutWord(before); !ok {
			return "", "", false
		}
	}
	return before, strings.TrimPrefix(text[len(before):], " "), true
}

// cutAddress takes host and port off the end of a text.
func cutAddress(text string) (before, addr string, ok bool) {
	rest, port, ok := cutWord(text)
	if !ok || !isPort(port) {
		return "", "", false
	}
	before, host, ok := cutWord(rest)
	if !ok {
		return "", "", false
	}
	return before, address(host, port), true
}

func isPort(word string) bool {
	n, err := strconv.ParseUint(word, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == word
}

// cutSet takes an option of SENTINEL SET and its values off the end of a text.
// Values may have blanks as names may: the option is the first known one that
// follows a port, and of two words with its value when none is known.
func cutSet(text string) (before, set string, ok bool) {
	words := strings.Split(text, " ")
	for i := 3; i+1 < len(words); i++ {
		if isSetOption(words[i]) && isPort(words[i-1]) {
			return strings.Join(words[:i], " "), strings.Join(words[i:], " "), true
		}
	}
	return cutWords(text, 2)
}

// withoutPassword hides what Sentinels before 6.2.8 published as it was typed, the
// option in whatever case.
func withoutPassword(set string) string {
	const option = " auth-pass "
	for i := range len(set) - len(option) + 1 {
		if end := i + len(option); strings.EqualFold(set[i:end], option) {
			return set[:end] + "******"
		}
	}
	return set
}
