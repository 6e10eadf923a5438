package sentinel

import (
	"errors"
	"fmt"
	"strings"
)

// replyError turns the text of an error reply into a reason and an error. Most errors have
// only the code ERR, so their text must be compared, of which case and quoting have changed
// between versions.
func replyError(text string) (Reason, error) {
	code, _, _ := strings.Cut(text, " ")
	lower := strings.ToLower(text)
	switch {
	case code == "NOAUTH", code == "WRONGPASS", text == "ERR invalid password":
		return ReasonAuth, errors.New(clip(text))
	case code == "NOPERM":
		return ReasonPermission, errors.New(clip(text))
	case code == "INPROG":
		return ReasonOther, fmt.Errorf("%w (%s)", ErrFailoverInProgress, clip(text))
	case code == "NOGOODSLAVE":
		return ReasonOther, fmt.Errorf("%w (%s)", ErrNoGoodReplica, clip(text))
	case strings.HasPrefix(lower, "err no such master"):
		return ReasonOther, fmt.Errorf("%w (%s)", ErrNoSuchMaster, clip(text))
	case refusedChange(lower) != nil:
		return ReasonOther, fmt.Errorf("%w (%s)", refusedChange(lower), clip(text))
	case strings.HasPrefix(lower, "err unknown sentinel subcommand"),
		strings.HasPrefix(lower, "err unknown subcommand"):
		return ReasonOther, fmt.Errorf("%w (%s)", errUnknownCommand, clip(text))
	case strings.HasPrefix(lower, "err unknown command"):
		return ReasonProtocol, fmt.Errorf("the server is not a Sentinel: %w (%s)", errUnknownCommand, clip(text))
	}
	return ReasonOther, errors.New(clip(text))
}

// refusedChange returns the error for the text, in lower case, with which a Sentinel refuses
// a change; nil for any other text.
func refusedChange(text string) error {
	for _, refusal := range []struct {
		prefix string
		err    error
	}{
		{"err duplicate", ErrDuplicateMaster}, // "Duplicated master name" up to 6.0
		{"err reconfiguration of scripts path is denied", ErrScriptDenied},
		{"err failed to save config file", ErrConfigNotSaved},
		{"err unknown option", ErrUnknownOption},
		{"err invalid ", ErrInvalidArgument},
		{"err quorum must be", ErrInvalidArgument},
		{"err notification script seems", ErrInvalidArgument},
		{"err client reconfiguration script seems", ErrInvalidArgument},
	} {
		if strings.HasPrefix(text, refusal.prefix) {
			return refusal.err
		}
	}
	return nil
}
