// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import "strconv"

// Kind is what went wrong.
type Kind int

const (
	BadPlacement Kind = iota // what the caller says of where sections were loaded
	BadObject
	Unsupported // nothing need be wrong with the object, but this version cannot read it
	OutOfMemory
)

// Error is what every function of this package fails with. Its text is a sentence
// that names the culprit.
type Error struct {
	Kind Kind
	text string
}

func (e *Error) Error() string { return e.text }

func bad(text string) error { return &Error{BadObject, text} }

// sectionError is an error about section i.
func (f *file) sectionError(kind Kind, i int, text string) error {
	return &Error{kind, f.describe(i) + ": " + text}
}

// describe is the number and the name of section i, for an error's text.
func (f *file) describe(i int) string {
	return "section " + strconv.Itoa(i) + quoted(f.name(i))
}

const longestName = 64 // in an error text

// quoted is a name in parentheses, which follows a number; nothing without a name.
func quoted(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	return " (" + printable(name) + ")"
}

// printable is a name, in quotes if it has characters that could be misread, and cut
// where it is long.
func printable(name []byte) string {
	rest := ""
	if len(name) > longestName {
		name, rest = name[:longestName], "..."
	}
	for _, c := range name {
		if c <= ' ' || c > '~' || c == '"' || c == '(' || c == ')' {
			if short := longestName / 4; len(name) > short { // a byte may become four
				name, rest = name[:short], "..."
			}
			return strconv.QuoteToASCII(string(name)) + rest
		}
	}
	return string(name) + rest
}

func decimal[T int | uint32 | uint64](n T) string { return strconv.FormatUint(uint64(n), 10) }

func hex(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }
