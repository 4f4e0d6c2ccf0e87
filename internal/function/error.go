package function

import "strconv"

// An Error is what is wrong with an argument, in a sentence that names it.
type Error struct{ text string }

func (e *Error) Error() string { return e.text }

func argument(text string) error { return &Error{text} }

// wrong is what is wrong with function i. Its name, where it is known, is quoted
// and cut where it is long.
func (a Array) wrong(i int, name []byte, what string) error {
	return &Error{which(i, name) + ": " + what}
}

func which(i int, name []byte) string {
	text := "functions[" + strconv.Itoa(i) + "]"
	if len(name) > 60 {
		return text + " " + strconv.Quote(string(name[:60])+"...")
	}
	if len(name) > 0 {
		return text + " " + strconv.Quote(string(name))
	}
	return text
}

func decimal(n uintptr) string { return strconv.FormatUint(uint64(n), 10) }

func hex(n uintptr) string { return "0x" + strconv.FormatUint(uint64(n), 16) }
