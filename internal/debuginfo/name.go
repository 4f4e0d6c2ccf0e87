package debuginfo

import (
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
func Encode(c *cursor.Cursor, name []byte) {
	var digits [20]byte
	c.Text("_Z")
	c.Bytes(strconv.AppendInt(digits[:0], int64(len(name)), 10))
	c.String(name)
}
