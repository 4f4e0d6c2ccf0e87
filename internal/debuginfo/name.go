package debuginfo

import (
	"bytes"
	"strconv"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

// Encoded says whether a name is, to lldb, the encoded form of another, which it
// would show in its place: _Z3fooi as foo(int). It is then to be in a unit
// of such names.
func Encoded(name []byte) bool {
	for _, prefix := range [...]string{
		"_Z", "___Z", // Itanium C++
		"_R",                           // Rust
		"_D",                           // D
		"$s", "_$s", "$S", "_$S", "_T", // Swift
	} {
		if len(name) >= len(prefix) && string(name[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}

// Encode writes the linkage name that stands for a name that is to be shown as
// it is, in the encoding of Itanium C++: a single source name.
//
// A symbol can have it, too, if the name is Encodable.
func Encode(c *cursor.Cursor, name []byte) {
	var digits [20]byte
	c.Text("_Z")
	c.Bytes(strconv.AppendInt(digits[:0], int64(len(name)), 10))
	c.String(name)
}

// Encodable says whether gdb and lldb decode a symbol to a name, once it is
// encoded: a digit at its beginning would be one of its length's, they would take
// what is behind an @ for a version, and some names that begin with _GLOBAL_ for
// the anonymous namespace's.
func Encodable(name []byte) bool {
	const anonymous = "_GLOBAL_"
	return (name[0] < '0' || name[0] > '9') && bytes.IndexByte(name, '@') < 0 &&
		(len(name) < len(anonymous) || string(name[:len(anonymous)]) != anonymous)
}

// Plain says whether gdb, too, is sure to take the name of a symbol for what it
// is. It takes some for the encoded form of another: fooB and foo__bar would be
// Ada, unless there is a capital letter in them that means nothing there.
func Plain(name []byte) bool {
	capitals, meaningless := false, false
	for i, b := range name {
		last := i == len(name)-1
		switch {
		case b >= 'a' && b <= 'z':
		case i == 0 && (b < 'A' || b > 'Z'):
			return false
		case b >= '0' && b <= '9':
		case b == '_':
			if !last && name[i+1] == '_' {
				return false
			}
		case b >= 'A' && b <= 'Z':
			capitals = true
			switch b {
			case 'A', 'C', 'D', 'F', 'H', 'I', 'J', 'L', 'M', 'R', 'V', 'Y', 'Z':
				meaningless = meaningless || !last
			}
		default:
			return false
		}
	}
	return meaningless || !capitals
}

// Rewritten says whether gdb shows the name of a subprogram in C another way, where
// it could be that of a type or a function in C++: f (x) as f(x).
func Rewritten(name []byte) bool {
	return bytes.IndexByte(name, ' ') >= 0 || string(name) == "signed" || string(name) == "unsigned"
}
