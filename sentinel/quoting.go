package sentinel

import (
	"strconv"
	"strings"

	"redis_sentinel_exporter/internal/printable"
)

// scrub makes a text safe to log: it removes the password, which a server may quote (Redis
// before 6.0 quotes the arguments of an unknown command), and limits the length.
func scrub(text, password string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	if password != "" {
		quoted := strconv.Quote(password) // as errors quote what they tell of
		text = strings.NewReplacer(password, "******", quoted[1:len(quoted)-1], "******").Replace(text)
	}
	return clip(text)
}

// withoutSecret removes the secret from the text of an error, if the Sentinel has quoted it.
func withoutSecret(err error, secret string) error {
	if secret == "" || scrub(err.Error(), secret) == clip(err.Error()) {
		return err
	}
	return scrubError(err, secret)
}

// maxText limits how much of a reply an error quotes.
const maxText = 200

// clip shortens a text so that an error can quote it, on one line that commands no terminal.
func clip(text string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	return printable.Clip(text, maxText)
}

// A scrubbed is an error with its text replaced.
type scrubbed struct {
	text  string
	cause error
}

func (s *scrubbed) Error() string { return s.text }

func (s *scrubbed) Unwrap() error { return s.cause }

// scrubError returns the error with a text that can be logged.
func scrubError(err error, password string) error {
	return &scrubbed{text: scrub(err.Error(), password), cause: err}
}
