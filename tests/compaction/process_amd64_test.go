package compaction

import (
	"encoding/binary"
	"syscall"
)

const processVMReadv = 310

// watch makes the tracee stop after each store to the eight bytes at an address,
// or to none if it is 0. By the processor's debug registers 0 and 7.
func watch(pid int, address uint64) error {
	const (
		registers     = 848       // offsetof(struct user, u_debugreg)
		writesOfEight = 0x9 << 16 // of the first
	)
	control := uint64(0)
	if address != 0 {
		control = 1 | writesOfEight
	}
	for _, register := range []struct{ number, value uint64 }{{7, 0}, {0, address}, {7, control}} {
		if _, _, err := syscall.Syscall6(syscall.SYS_PTRACE, syscall.PTRACE_POKEUSR,
			uintptr(pid), uintptr(registers+8*register.number), uintptr(register.value), 0, 0); err != 0 {
			return err
		}
	}
	return nil
}

// breakpoint puts a breakpoint on a function that is a single instruction, and
// hits says whether the tracee has just hit it, and returns from the function.
func (p *process) breakpoint(address uint64) {
	p.t.Helper()
	if _, err := syscall.PtracePokeText(p.pid(), uintptr(address), []byte{0xcc}); err != nil {
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
