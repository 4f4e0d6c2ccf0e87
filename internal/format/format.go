// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package format stands in for fmt, which imports os: initialising os changes the
// process that the library is loaded into.
package format

import (
	"errors"
	"strconv"
)

// Errorf is fmt.Errorf with the verbs %d, %#x, %02x and %s.
func Errorf(format string, args ...any) error {
	var text []byte
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			text = append(text, format[i])
			continue
		}
		arg := args[0]
		args = args[1:]
		switch format[i+1] {
		case 'd':
			text = appendInteger(text, arg, "", 10)
			i++
		case '#': // %#x
			text = appendInteger(text, arg, "0x", 16)
			i += 2
		case '0': // %02x
			if arg.(byte) < 0x10 {
				text = append(text, '0')
			}
			text = appendInteger(text, arg, "", 16)
			i += 3
		case 's':
			if err, ok := arg.(error); ok {
				arg = err.Error()
			}
			text = append(text, arg.(string)...)
			i++
		}
	}
	return errors.New(string(text))
}

func appendInteger(text []byte, arg any, prefix string, base int) []byte {
	var v uint64
	switch arg := arg.(type) {
	case int:
		if arg < 0 {
			text = append(text, '-')
			arg = -arg
		}
		v = uint64(arg)
	case byte:
		v = uint64(arg)
	case uint16:
		v = uint64(arg)
	case uint32:
		v = uint64(arg)
	case uint64:
		v = arg
	case uintptr:
		v = uint64(arg)
	}
	return strconv.AppendUint(append(text, prefix...), v, base)
}
