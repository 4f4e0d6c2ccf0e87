// Package machine knows what ELF and DWARF say of a processor: what an image
// for it is made with.
package machine

// A Machine is a processor. Registers are by their DWARF numbers.
type Machine struct {
	ELF           uint16 // e_machine
	StackPointer  byte
	FramePointer  byte
	ReturnAddress byte
	Pushed        byte   // how much of the stack a call has taken, in bytes, when its function begins
	Trap          string // the instruction that debuggers put in the place of another, for a breakpoint
}

var (
	X86_64  = Machine{ELF: 62, StackPointer: 7, FramePointer: 6, ReturnAddress: 16, Pushed: 8, Trap: "\xcc"}
	AArch64 = Machine{ELF: 183, StackPointer: 31, FramePointer: 29, ReturnAddress: 30, Pushed: 0, Trap: "\x00\x00\x20\xd4"}
)
