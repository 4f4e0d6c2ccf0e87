// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package debuginfo

import (
	"bytes"
	"strconv"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

// Encoded says whether lldb takes a name for a mangled one and would show what it
// decodes to: foo(int) for _Z3fooi. Functions with such names are in units of their own.
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

// Encode writes the linkage name that decodes to the given name: its encoding as a single
// source name in Itanium C++ mangling, _Z3foo for foo. If the name is Encodable, the name
// of an ELF symbol can be encoded so too.
func Encode(c *cursor.Cursor, name []byte) {
	var digits [20]byte
	c.Text("_Z")
	c.Bytes(strconv.AppendInt(digits[:0], int64(len(name)), 10))
	c.String(name)
}

// Encodable says whether gdb and lldb decode a symbol that Encode has written back to
// the name. They do not where the name begins with a digit, which they take for one of
// the length's, or has an @, behind which they expect a symbol's version; and some names
// that begin with _GLOBAL_ they take for the anonymous namespace.
func Encodable(name []byte) bool {
	const anonymous = "_GLOBAL_"
	return (name[0] < '0' || name[0] > '9') && bytes.IndexByte(name, '@') < 0 &&
		(len(name) < len(anonymous) || string(name[:len(anonymous)]) != anonymous)
}

// Plain says whether gdb shows the name of a symbol as it is for certain. Some names it
// decodes as Ada's, and shows fooB as foo and foo__bar as foo.bar. It does not do so if a
// capital letter is in the name that means nothing in Ada's encoding.
func Plain(name []byte) bool {
	capitals, meaningless := false, false // meaningless: one that Ada's encoding lacks
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

// A Kind is how debuggers read a name.
type Kind struct {
	Encoded   bool // as that of another: see Encoded
	Plain     bool // as it is, sure enough: see Plain
	Encodable bool // decoded, once it is encoded in a symbol: see Encodable
}

// KindOf returns how debuggers read a name.
func KindOf(name []byte) Kind { return Kind{Encoded(name), Plain(name), Encodable(name)} }

// ByName says of a function, in an image that others will replace, how gdb finds its
// name: by a symbol that has it encoded, beside that with the name as it is; and
// whether it is hidden from gdb otherwise.
func (k Kind) ByName() (encode, hidden bool) {
	encode = !k.Plain && k.Encodable
	return encode, encode || k.Plain
}

// EncodedSize is how many bytes Encode writes.
func EncodedSize(length int) int {
	digits := 1
	for n := length; n >= 10; n /= 10 {
		digits++
	}
	return len("_Z") + digits + length + 1
}
