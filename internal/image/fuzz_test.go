// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// FuzzFunctions: whatever a caller says, it is refused, or the image is one that
// a debugger can read.
func FuzzFunctions(f *testing.F) {
	f.Add([]byte("\x02\x04main\x03a.c\x10\x02\x01\x05\x03\x06\x01\x05_Z1fv\x00\x20\x00\x02\x04\x41\x0e\x10\x00"))
	f.Add([]byte("\x01\x01x\x01y\x01\x01\x00\xff\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		kept = kept[:0]
		next := func() byte {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return b
		}
		take := func(n int) []byte {
			b := data[:min(n, len(data))]
			data = data[len(b):]
			return b
		}
		functions := make([]abi.Function, 1+next()%8)
		code := make([]byte, 4096)
		for i := range functions {
			name, file := text(string(take(int(next())))), text(string(take(int(next()))))
			size := 1 + uintptr(next())
			rows := make([]abi.Line, next()%32)
			for i := range rows {
				rows[i] = abi.Line{Offset: uint64(next()), Line: uint32(next()) << (next() % 32), Column: uint32(next())}
			}
			given := &functions[i]
			*given = abi.Function{StructSize: uint32(unsafe.Sizeof(*given)), Unwind: uint32(next()) % 4, Name: name, File: file,
				Address: address(&code[int(next())*8]), Size: size}
			if len(rows) != 0 {
				given.Lines, given.LineCount = address(&rows[0]), uintptr(len(rows))
			}
			if given.Unwind == abi.UNWIND_CFI {
				if cfi := take(int(next())); len(cfi) != 0 {
					given.CFI, given.CFISize = address(&cfi[0]), uintptr(len(cfi))
				}
			}
			// Code that may look like anything.
			copy(code[given.Address-address(&code[0]):], take(int(next())))
		}
		array, _, err := abi.ReadFunctions(address(&functions[0]), uintptr(len(functions)), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []*machine.Machine{machine.Host, &machine.AArch64} {
			all, err := encode(&array, len(functions), m)
			order := make([]*function.Record, len(functions))
			if err != nil || function.CheckOverlap(all, order) != nil {
				return
			}
			plan := New(order, m, func(from, to uint64) bool { return to-from >= 16 })
			written := make([]byte, plan.Size())
			plan.Write(written)
			if m == machine.Host {
				if err := symfile.Check(written); err != nil {
					t.Error(err)
				}
				samples.Keep(t, written)
			}
		}
	})
}
