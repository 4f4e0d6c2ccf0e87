// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package compaction

import (
	"encoding/binary"
	"syscall"
)

const processVMReadv = 310

// breakpoint puts a breakpoint on a function that is a single instruction, and
// hits says whether the tracee has just hit it, and returns from the function.
func (p *process) breakpoint(address uint64) {
	p.t.Helper()
	p.hooked = p.get(address, 1)
	p.poke(address, []byte{0xcc})
}

// unbreak takes the breakpoint out.
func (p *process) unbreak(address uint64) {
	p.t.Helper()
	p.poke(address, p.hooked)
}

func (p *process) poke(address uint64, bytes []byte) {
	p.t.Helper()
	if _, err := syscall.PtracePokeText(p.pid(), uintptr(address), bytes); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) hits(address uint64) bool {
	p.t.Helper()
	var registers syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(p.pid(), &registers); err != nil {
		p.t.Fatal(err)
	}
	if registers.Rip != address+1 {
		return false
	}
	registers.Rip = binary.LittleEndian.Uint64(p.get(registers.Rsp, 8))
	registers.Rsp += 8
	if err := syscall.PtraceSetRegs(p.pid(), &registers); err != nil {
		p.t.Fatal(err)
	}
	return true
}
