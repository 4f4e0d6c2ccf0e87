// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package pair finds the pairs of symbols by which debuggers find a list of generated code,
// and says which debugger reads which.
package pair

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/list"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/module"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/target"
)

// The symbols of a pair.
const (
	Descriptor = "__jit_debug_descriptor"
	Hook       = "__jit_debug_register_code"
)

// A Pair is what one module has of them.
type Pair struct {
	Module     *module.Module
	Descriptor uint64 // its address, 0 if there is none
	Hook       uint64 // 0 if there is none
	Global     bool   // the descriptor is
	Table      string // which the descriptor is in; "" if no symbol names it
	GDB, LLDB  View
}

// A View is whether a debugger reads a pair.
type View struct {
	Reads bool
	Why   string // it does not; or of which version this is true
}

// Whole says that both symbols are there.
func (p *Pair) Whole() bool { return p.Descriptor != 0 && p.Hook != 0 && p.Table != "" }

// Find returns the pairs of a target's modules, in their order.
func Find(t *target.Target, modules []module.Module) []Pair {
	var pairs []Pair
	for i := range modules {
		m := &modules[i]
		p := Pair{Module: m}
		for _, s := range m.Symbols(t, Descriptor, Hook) {
			if s.Name == Hook {
				p.Hook = s.Address
			} else {
				p.Descriptor, p.Global, p.Table = s.Address, s.Global, s.Table
			}
		}
		if p.Descriptor == 0 {
			p.Descriptor = unnamed(t, m)
		}
		if p.Descriptor != 0 || p.Hook != 0 {
			pairs = append(pairs, p)
		}
	}
	asGDB(pairs)
	asLLDB(pairs)
	return pairs
}

// asGDB says what gdb reads: each module's own pair, but for a global descriptor of a
// library it takes the program's, if that has one, for it supposes a copy relocation.
func asGDB(pairs []Pair) {
	var program *Pair
	for i := range pairs {
		if p := &pairs[i]; p.Module.Program && p.Global && p.Table != "" {
			program = p
		}
	}
	for i := range pairs {
		p := &pairs[i]
		switch {
		case incomplete(p) != "":
			p.GDB.Why = incomplete(p)
		case p.Module.Namespace < 0:
			p.GDB.Why = "the dynamic linker does not list " + p.Module.Name()
		case program != nil && p != program && p.Global:
			p.GDB.Why = fmt.Sprintf("it is global, and the program has a %s of its own, which gdb reads in its place", Descriptor)
		case p.Module.Namespace > 0:
			p.GDB = View{true, "from gdb 13 on: it is in a namespace of its own (dlmopen)"}
		case !p.Global:
			p.GDB = View{true, "but gdb 15, which does not see local symbols"}
		default:
			p.GDB.Reads = true
		}
	}
}

// asLLDB says what lldb reads: the first pair that it finds, and no other.
func asLLDB(pairs []Pair) {
	var first *Pair
	for i := range pairs {
		p := &pairs[i]
		switch {
		case incomplete(p) != "":
			p.LLDB.Why = incomplete(p)
		case p.Module.Namespace != 0:
			p.LLDB.Why = "it does not look into namespaces of dlmopen"
			if p.Module.Namespace < 0 {
				p.LLDB.Why = "the dynamic linker does not list " + p.Module.Name()
			}
		case first != nil:
			p.LLDB.Why = fmt.Sprintf("it reads one pair only, that of %s, which is loaded before", first.Module.Name())
		default:
			p.LLDB.Reads = true
			first = p
		}
	}
}

// incomplete says why no debugger can find a pair, or nothing.
func incomplete(p *Pair) string {
	switch {
	case p.Table == "" && p.Descriptor != 0:
		return fmt.Sprintf("%s is stripped: no symbol says where the descriptor is", p.Module.Name())
	case p.Descriptor == 0:
		return fmt.Sprintf("%s has the function %s and no %s", p.Module.Name(), Hook, Descriptor)
	case p.Hook == 0:
		return fmt.Sprintf("%s has a %s and no function %s", p.Module.Name(), Descriptor, Hook)
	}
	return ""
}

const (
	chunk     = 1 << 20
	scanLimit = 256 << 20 // of a module's variables
)

// unnamed looks through a module's variables for a descriptor that no symbol names, whose
// list has an entry; it returns 0 if there is none.
func unnamed(t *target.Target, m *module.Module) uint64 {
	version := []byte{1, 0, 0, 0}
	left := uint64(scanLimit)
	for _, r := range m.Writable {
		r.Start = (r.Start + 7) &^ 7
		for at := r.Start; at < r.End && left > 0; {
			size := t.Readable(at, min(r.End-at, chunk, left))
			if size < list.DescriptorSize {
				break
			}
			b, err := t.Bytes(at, size)
			if err != nil {
				break
			}
			for o := 0; o+list.DescriptorSize <= len(b); o += 8 {
				if !bytes.Equal(b[o:o+4], version) || binary.LittleEndian.Uint32(b[o+4:]) > 2 {
					continue
				}
				if list.Plausible(t, binary.LittleEndian.Uint64(b[o+16:])) {
					return at + uint64(o)
				}
			}
			step := max(size-list.DescriptorSize+8, 8) &^ 7
			if at+size >= r.End {
				break
			}
			at, left = at+step, left-min(left, step)
		}
	}
	return 0
}
