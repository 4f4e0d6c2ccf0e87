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
	relocGOT     = 309       // R_AARCH64_GOT_LD_PREL19
	relocHighest = 1032      // R_AARCH64_IRELATIVE
)
