package symfile

// The machine of this process: its e_machine, the name of that value, and the
// relocations that its debug sections carry.
const (
	hostMachine     = 183
	hostMachineName = "EM_AARCH64"

	relocAbs64   = 257       // R_AARCH64_ABS64
	relocPC32    = 261       // R_AARCH64_PREL32
	relocAbs32   = 258       // R_AARCH64_ABS32
	relocAbs32S  = 1<<32 - 1 // has none
	relocPC64    = 260       // R_AARCH64_PREL64
	relocHighest = 1032      // R_AARCH64_IRELATIVE
)

// relocatesNothing says whether a relocation is one that debug sections have and
// that no offset comes from.
func relocatesNothing(typ uint32) bool {
	switch typ {
	case 0, 256, 259, 262, 1028, 1029: // NONE, NONE, ABS16, PREL16, TLS_DTPMOD, TLS_DTPREL
		return true
	}
	return false
}
