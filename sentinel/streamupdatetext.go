package sentinel

import "fmt"

// Text describes a change of the stream; it is empty for an event.
func (n *StreamUpdate) Text() string {
	switch n.Kind {
	case StreamUp:
		return "subscribed"
	case StreamLost:
		return fmt.Sprintf("stream lost, events may be missing until it is subscribed again: %s: %v", n.Err.Reason, n.Err.Err)
	case StreamFailed:
		return fmt.Sprintf("cannot subscribe, will try again: %s: %v", n.Err.Reason, n.Err.Err)
	case StreamDropped:
		return fmt.Sprintf("%d events dropped: they came too fast", n.Dropped)
	case StreamEnded:
		return "no longer asked: the other Sentinels have forgotten it"
	default:
		return ""
	}
}

// About returns the rest of an event besides its name and its master, in phrases: the
// addresses or the node, and the details.
func (e *Event) About() []string {
	var phrases []string
	switch {
	case e.NewAddress != "":
		phrases = append(phrases, e.MasterAddress+" -> "+e.NewAddress)
	case e.Kind == RoleMaster:
		phrases = append(phrases, e.Address)
	case e.Kind != "" && e.Node == e.Address:
		phrases = append(phrases, e.Kind+" "+e.Address)
	case e.Kind != "":
		phrases = append(phrases, e.Kind+" "+e.Address+" "+e.Node)
	}
	if e.Details != "" {
		phrases = append(phrases, e.Details)
	}
	return phrases
}
