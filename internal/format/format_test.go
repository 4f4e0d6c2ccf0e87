// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package format

import (
	"fmt"
	"io"
	"math"
	"testing"
)

func TestErrorf(t *testing.T) {
	for _, c := range []struct {
		format string
		args   []any
	}{
		{"", nil},
		{"plain", nil},
		{"%d", []any{0}},
		{"%d%#x", []any{-1, -255}},
		{"%d, %d and %d.", []any{byte(255), uint16(math.MaxUint16), uint32(math.MaxUint32)}},
		{"%#x %#x %#x %#x", []any{byte(0), uint16(0xabcd), uint32(0), uint64(math.MaxUint64)}},
		{"%d %#x", []any{uintptr(4096), uintptr(math.MaxUint64)}},
		{"%02x %02x %02x", []any{byte(0), byte(15), byte(16)}},
		{"%s: %s", []any{"a %d name", io.EOF}},
	} {
		if have, want := Errorf(c.format, c.args...).Error(), fmt.Sprintf(c.format, c.args...); have != want {
			t.Errorf("%q: %q, want %q", c.format, have, want)
		}
	}
}
