// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"errors"
	"strconv"

	"github.com/libjitdebug/libjitdebug/internal/format"
)

// ErrMemory is what CheckWithin returns where Limits.Room refuses.
var ErrMemory = errors.New("no memory to check the debug information")

// sectionErrorf is an error about section i.
func (f *file) sectionErrorf(i uint64, text string, args ...any) error {
	return format.Errorf("section %d%s: %s", i, quoted(f.sectionName(i)), format.Errorf(text, args...))
}

// quoted is a name in parentheses, for an error's text; in quotes too if it has
// characters that could be misread there.
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
