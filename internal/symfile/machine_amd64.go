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
	relocHighest = 42 // R_X86_64_REX_GOTPCRELX
)

// relocatesNothing says whether a relocation is one that debug sections have and
// that no offset comes from.
func relocatesNothing(typ uint32) bool {
	switch typ {
	case 0, 12, 13, 14, 15, 17, 21, 32, 33: // NONE, 16, PC16, 8, PC8, DTPOFF64, DTPOFF32, SIZE32, SIZE64
		return true
	}
	return false
}
