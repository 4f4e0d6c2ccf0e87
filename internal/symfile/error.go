package symfile

import (
	"errors"
	"strconv"

	"github.com/libjitdebug/libjitdebug/internal/format"
)

// ErrMemory is CheckWithin's where it may not allocate.
var ErrMemory = errors.New("no memory to check the debug information")

// sectionErrorf is an error about section i.
func (f *file) sectionErrorf(i uint64, text string, args ...any) error {
	return format.Errorf("section %d%s: %s", i, quoted(f.sectionName(i)), format.Errorf(text, args...))
}

// quoted is a name as it stands in an error text, in parentheses: as it is, or
// quoted if that could be misread.
func quoted(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	for _, c := range name {
		if c <= ' ' || c > '~' || c == '"' || c == '(' || c == ')' {
			return " (" + strconv.QuoteToASCII(string(name[:min(len(name), 20)])) + ")"
		}
	}
	return " (" + string(name) + ")"
}
