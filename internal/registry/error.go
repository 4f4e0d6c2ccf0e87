package registry

import (
	"errors"
	"strconv"

	"github.com/libjitdebug/libjitdebug/internal/handle"
)

// Kind is what went wrong, one for each status of the C ABI that comes from
// here.
type Kind int

const (
	Argument Kind = iota
	BadHandle
	StaleHandle
	BadImage
	OutOfMemory
	Busy
	Duplicate
	Unsupported
)

// Error is what every function of this package fails with. Its text names the
// culprit.
type Error struct {
	Kind Kind
	text string
}

// Where memory is out, none is there for a text.
var (
	errNoMemory  = &Error{OutOfMemory, "no memory for the code entries, the copies of the images or the check of their debug information"}
	errNoHandles = &Error{OutOfMemory, handle.ErrMemory.Error()}
)

func (e *Error) Error() string { return e.text }

// Missing is what is wrong where the caller left out an argument.
func Missing(argument string) error { return &Error{Argument, argument + " is NULL"} }

// named says which image it is about, where there are several.
func named(images []Image, index int, kind Kind, text string) error {
	which := "image: "
	if len(images) > 1 {
		which = "image " + strconv.Itoa(index) + " of " + strconv.Itoa(len(images)) + ": "
	}
	return &Error{kind, which + text}
}

func badHandle(h uintptr, err error) error {
	kind := BadHandle
	if errors.Is(err, handle.ErrStale) {
		kind = StaleHandle
	}
	return &Error{kind, "registration 0x" + strconv.FormatUint(uint64(h), 16) + ": " + err.Error()}
}

func decimal(n uintptr) string { return strconv.FormatUint(uint64(n), 10) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
