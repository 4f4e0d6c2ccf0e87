// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package check

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/arch/x86/x86asm"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
	"github.com/libjitdebug/libjitdebug/internal/elf"
)

var le = binary.LittleEndian

// codeLimit is how much of a function is looked at.
const codeLimit = 64 << 10

// ofFunctions compares what an image says of its functions with the code.
func ofFunctions(v *view.View, im *view.Image, functions []image.Function) (all []Finding) {
	var gone, changed, lost []string
	var goneWhy, changedWhy string
	var goneAt, changedAt, lostAt uint64
	note := func(names *[]string, why *string, at *uint64, f *image.Function, text string) {
		if len(*names) == 0 {
			*why, *at = text, f.Start
		}
		*names = append(*names, f.Name)
	}
	for i := range functions {
		f := &functions[i]
		if s := im.Section(f.Start); s == nil || !s.Code || f.Start < lowest {
			continue
		}
		if why := absent(v, f); why != "" {
			note(&gone, &goneWhy, &goneAt, f, why)
			continue
		}
		code, err := v.Target.Bytes(f.Start, min(f.End-f.Start, codeLimit))
		if err != nil {
			continue // code that may be executed and not read
		}
		if why := Changed(im.Image, f, code); why != "" {
			note(&changed, &changedWhy, &changedAt, f, why)
			continue
		}
		if im.Frame(f.Start) == nil && NeedsFrame(v.Target.Machine, code) {
			note(&lost, new(string), &lostAt, f, "")
		}
	}
	add := func(cause Cause, address uint64, names []string, what string) {
		if len(names) > 0 {
			all = append(all, finding(cause, Name(im), address, "%s: %s", Name(im), what))
		}
	}
	add(CodeGone, goneAt, gone, fmt.Sprintf("the code of %s is not there: %s", some(gone), goneWhy))
	add(CodeChanged, changedAt, changed, fmt.Sprintf("the code of %s is not what the image describes: %s; it was moved or written over", some(changed), changedWhy))
	add(NoFrames, lostAt, lost, fmt.Sprintf("%s %s neither call frame information nor a frame pointer: backtraces end there, or go astray", some(lost), verb(len(lost), "has", "have")))
	return all
}

// absent says why a function's code cannot be where its image says.
func absent(v *view.View, f *image.Function) string {
	switch m := v.Target.Mapping(f.Start); {
	case m == nil:
		return fmt.Sprintf("nothing is mapped at %#x", f.Start)
	case !m.Execute && (v.Target.Live || m.Write):
		return fmt.Sprintf("memory at %#x cannot be executed", f.Start)
	}
	return ""
}

// Changed says how a function's code differs from what an image describes, or nothing.
func Changed(im *image.Image, f *image.Function, code []byte) string {
	if len(code) > 0 && (len(bytes.Trim(code, "\x00")) == 0 || len(bytes.Trim(code, "\xcc")) == 0) {
		return fmt.Sprintf("there are only bytes %#x from %#x on", code[0], f.Start)
	}
	if own, mask := im.Code(f); own != nil {
		differ, compared := 0, 0
		for i := range min(len(own), len(code)) {
			if mask != nil && mask[i] || code[i] == 0xcc { // a debugger's breakpoint
				continue
			}
			compared++
			if own[i] != code[i] {
				differ++
			}
		}
		// Without relocations there may still be places that were filled in later.
		if limit := compared / 2; differ > limit || mask != nil && differ > 0 {
			return fmt.Sprintf("%d of %d bytes at %#x are others than in the image", differ, compared, f.Start)
		}
	}
	return contradicts(im, f, code)
}

// contradicts compares the call frame information with the code: it changes at the end of an
// instruction, and the stack pointer where one changes that.
func contradicts(im *image.Image, f *image.Function, code []byte) string {
	frame := im.Frame(f.Start)
	if frame == nil || frame.Start != f.Start || im.Machine() != elf.EM_X86_64 {
		return ""
	}
	step, ok := frame.FirstPush()
	if !ok || step == 0 || step > uint64(len(code)) {
		return ""
	}
	for at := uint64(0); at < step; {
		if code[at] == 0xcc {
			return "" // a debugger's
		}
		inst, err := x86asm.Decode(code[at:], 64)
		if err != nil {
			return ""
		}
		at += uint64(inst.Len)
		if at > step || at == step && !moves(inst) {
			return fmt.Sprintf("by its call frame information the stack pointer changes in front of %#x, and there is no such instruction (%s)", f.Start+step, x86asm.GNUSyntax(inst, f.Start, nil))
		}
	}
	return ""
}

// moves says that an instruction can change the stack pointer.
func moves(inst x86asm.Inst) bool {
	switch inst.Op {
	case x86asm.PUSH, x86asm.PUSHFQ, x86asm.PUSHF, x86asm.POP, x86asm.POPFQ, x86asm.ENTER, x86asm.LEAVE, x86asm.CALL, x86asm.RET:
		return true
	}
	return inst.Args[0] == x86asm.RSP || inst.Args[0] == x86asm.ESP
}

// NeedsFrame says that a function without call frame information loses its caller: it neither
// keeps the frame pointer nor leaves the stack alone.
func NeedsFrame(machine uint16, code []byte) bool {
	if machine == elf.EM_AARCH64 {
		return needsFrameAArch64(code)
	}
	pushed := false
	for at := 0; at < len(code); {
		if code[at] == 0xcc {
			at++
			continue
		}
		inst, err := x86asm.Decode(code[at:], 64)
		if err != nil || inst.Len == 0 {
			if bytes.HasPrefix(code[at:], []byte{0xf3, 0x0f, 0x1e, 0xfa}) { // endbr64
				at += 4
				continue
			}
			return false
		}
		switch {
		case inst.Op == x86asm.PUSH && inst.Args[0] == x86asm.RBP && !pushed:
			pushed = true
		case pushed && inst.Op == x86asm.MOV && inst.Args[0] == x86asm.RBP && inst.Args[1] == x86asm.RSP:
			return false
		case inst.Op == x86asm.RET:
			return pushed
		case inst.Op == x86asm.CALL:
			return true // not a leaf, and no frame pointer so far
		case moves(inst):
			return true
		}
		at += inst.Len
	}
	return false
}

// needsFrameAArch64: a leaf leaves x29 and x30 alone; others save them first.
func needsFrameAArch64(code []byte) bool {
	for ; len(code) >= 4; code = code[4:] {
		switch word := le.Uint32(code); {
		case word&0xffc07fff == 0xa9807bfd || word&0xffc07fff == 0xa9007bfd: // stp x29, x30
			return false
		case word == 0xd65f03c0: // ret
			return false
		case word>>26 == 0x25 || word&0xfffffc1f == 0xd63f0000: // bl, blr
			return true
		}
	}
	return false
}
