package symfile

// The machine of this process: its e_machine, the name of that value, and the
// relocations that its debug sections carry.
const (
	hostMachine     = 62
	hostMachineName = "EM_X86_64"

	relocAbs64   = 1  // R_X86_64_64
	relocPC32    = 2  // R_X86_64_PC32
	relocAbs32   = 10 // R_X86_64_32
	relocAbs32S  = 11 // R_X86_64_32S
	relocPC64    = 24 // R_X86_64_PC64
	relocGOT     = 9  // R_X86_64_GOTPCREL
	relocHighest = 42 // R_X86_64_REX_GOTPCRELX
)
