package object

import "strings"

// A machine is what an architecture's relocations are. Those that sections of
// DWARF have are kinds; the others have names, for errors.
type machine struct {
	kinds  []kind
	prefix string
	names  string // "number name," for each
}

// A kind is a kind of relocation.
type kind struct {
	number uint32
	value  value
	size   uint8 // in bytes, at the place
	fits   valueRange
}

// A value is what a relocation computes: S is the symbol's address, A the
// addend, P the place.
type value uint8

const (
	nothing     value = iota
	absolute          // S + A
	relative          // S + A - P
	symbolsSize       // the symbol's size + A
	threadLocal       // S, as an offset into its section, + A
)

// A valueRange is which values fit.
type valueRange uint8

const (
	anyRange valueRange = iota
	unsigned
	signed
	either
)

func machineOf(number uint16) *machine {
	switch number {
	case 62:
		return &amd64
	case 183:
		return &arm64
	}
	return nil
}

func (m *machine) kind(number uint32) *kind {
	for i := range m.kinds {
		if m.kinds[i].number == number {
			return &m.kinds[i]
		}
	}
	return nil
}

// name is the name of a kind of relocation, or its number.
func (m *machine) name(number uint32) string {
	n := decimal(number)
	if _, rest, ok := strings.Cut(","+m.names, ","+n+" "); ok {
		name, _, _ := strings.Cut(rest, ",")
		return m.prefix + name
	}
	return m.prefix + "(" + n + ", which has no name)"
}

var amd64 = machine{
	kinds: []kind{
		{1, absolute, 8, anyRange},
		{10, absolute, 4, unsigned},
		{2, relative, 4, signed},
		{0, nothing, 0, anyRange},
		{11, absolute, 4, signed},
		{12, absolute, 2, either},
		{13, relative, 2, signed},
		{14, absolute, 1, either},
		{15, relative, 1, signed},
		{17, threadLocal, 8, anyRange},
		{21, threadLocal, 4, signed},
		{24, relative, 8, anyRange},
		{32, symbolsSize, 4, unsigned},
		{33, symbolsSize, 8, anyRange},
	},
	prefix: "R_X86_64_",
	names: "0 NONE,1 64,2 PC32,3 GOT32,4 PLT32,5 COPY,6 GLOB_DAT,7 JUMP_SLOT,8 RELATIVE,9 GOTPCREL,10 32," +
		"11 32S,12 16,13 PC16,14 8,15 PC8,16 DTPMOD64,17 DTPOFF64,18 TPOFF64,19 TLSGD,20 TLSLD," +
		"21 DTPOFF32,22 GOTTPOFF,23 TPOFF32,24 PC64,25 GOTOFF64,26 GOTPC32,27 GOT64,28 GOTPCREL64," +
		"29 GOTPC64,30 GOTPLT64,31 PLTOFF64,32 SIZE32,33 SIZE64,34 GOTPC32_TLSDESC,35 TLSDESC_CALL," +
		"36 TLSDESC,37 IRELATIVE,39 PC32_BND,40 PLT32_BND,41 GOTPCRELX,42 REX_GOTPCRELX,",
}

var arm64 = machine{
	kinds: []kind{
		{257, absolute, 8, anyRange},
		{258, absolute, 4, either},
		{259, absolute, 2, either},
		{260, relative, 8, anyRange},
		{261, relative, 4, either},
		{262, relative, 2, either},
		{0, nothing, 0, anyRange},
		{256, nothing, 0, anyRange},
		{1029, threadLocal, 8, anyRange},
	},
	prefix: "R_AARCH64_",
	names: "0 NONE,256 NONE,257 ABS64,258 ABS32,259 ABS16,260 PREL64,261 PREL32,262 PREL16,263 MOVW_UABS_G0," +
		"264 MOVW_UABS_G0_NC,265 MOVW_UABS_G1,266 MOVW_UABS_G1_NC,267 MOVW_UABS_G2,268 MOVW_UABS_G2_NC," +
		"269 MOVW_UABS_G3,270 MOVW_SABS_G0,271 MOVW_SABS_G1,272 MOVW_SABS_G2,273 LD_PREL_LO19," +
		"274 ADR_PREL_LO21,275 ADR_PREL_PG_HI21,276 ADR_PREL_PG_HI21_NC,277 ADD_ABS_LO12_NC," +
		"278 LDST8_ABS_LO12_NC,279 TSTBR14,280 CONDBR19,282 JUMP26,283 CALL26,284 LDST16_ABS_LO12_NC," +
		"285 LDST32_ABS_LO12_NC,286 LDST64_ABS_LO12_NC,287 MOVW_PREL_G0,288 MOVW_PREL_G0_NC," +
		"289 MOVW_PREL_G1,290 MOVW_PREL_G1_NC,291 MOVW_PREL_G2,292 MOVW_PREL_G2_NC,293 MOVW_PREL_G3," +
		"299 LDST128_ABS_LO12_NC,300 MOVW_GOTOFF_G0,301 MOVW_GOTOFF_G0_NC,302 MOVW_GOTOFF_G1," +
		"303 MOVW_GOTOFF_G1_NC,304 MOVW_GOTOFF_G2,305 MOVW_GOTOFF_G2_NC,306 MOVW_GOTOFF_G3,307 GOTREL64," +
		"308 GOTREL32,309 GOT_LD_PREL19,310 LD64_GOTOFF_LO15,311 ADR_GOT_PAGE,312 LD64_GOT_LO12_NC," +
		"313 LD64_GOTPAGE_LO15,314 PLT32,315 GOTPCREL32,512 TLSGD_ADR_PREL21,513 TLSGD_ADR_PAGE21," +
		"514 TLSGD_ADD_LO12_NC,515 TLSGD_MOVW_G1,516 TLSGD_MOVW_G0_NC,517 TLSLD_ADR_PREL21," +
		"518 TLSLD_ADR_PAGE21,519 TLSLD_ADD_LO12_NC,520 TLSLD_MOVW_G1,521 TLSLD_MOVW_G0_NC," +
		"522 TLSLD_LD_PREL19,523 TLSLD_MOVW_DTPREL_G2,524 TLSLD_MOVW_DTPREL_G1," +
		"525 TLSLD_MOVW_DTPREL_G1_NC,526 TLSLD_MOVW_DTPREL_G0,527 TLSLD_MOVW_DTPREL_G0_NC," +
		"528 TLSLD_ADD_DTPREL_HI12,529 TLSLD_ADD_DTPREL_LO12,530 TLSLD_ADD_DTPREL_LO12_NC," +
		"531 TLSLD_LDST8_DTPREL_LO12,532 TLSLD_LDST8_DTPREL_LO12_NC,533 TLSLD_LDST16_DTPREL_LO12," +
		"534 TLSLD_LDST16_DTPREL_LO12_NC,535 TLSLD_LDST32_DTPREL_LO12,536 TLSLD_LDST32_DTPREL_LO12_NC," +
		"537 TLSLD_LDST64_DTPREL_LO12,538 TLSLD_LDST64_DTPREL_LO12_NC,539 TLSIE_MOVW_GOTTPREL_G1," +
		"540 TLSIE_MOVW_GOTTPREL_G0_NC,541 TLSIE_ADR_GOTTPREL_PAGE21,542 TLSIE_LD64_GOTTPREL_LO12_NC," +
		"543 TLSIE_LD_GOTTPREL_PREL19,544 TLSLE_MOVW_TPREL_G2,545 TLSLE_MOVW_TPREL_G1," +
		"546 TLSLE_MOVW_TPREL_G1_NC,547 TLSLE_MOVW_TPREL_G0,548 TLSLE_MOVW_TPREL_G0_NC," +
		"549 TLSLE_ADD_TPREL_HI12,550 TLSLE_ADD_TPREL_LO12,551 TLSLE_ADD_TPREL_LO12_NC," +
		"552 TLSLE_LDST8_TPREL_LO12,553 TLSLE_LDST8_TPREL_LO12_NC,554 TLSLE_LDST16_TPREL_LO12," +
		"555 TLSLE_LDST16_TPREL_LO12_NC,556 TLSLE_LDST32_TPREL_LO12,557 TLSLE_LDST32_TPREL_LO12_NC," +
		"558 TLSLE_LDST64_TPREL_LO12,559 TLSLE_LDST64_TPREL_LO12_NC,560 TLSDESC_LD_PREL19," +
		"561 TLSDESC_ADR_PREL21,562 TLSDESC_ADR_PAGE21,563 TLSDESC_LD64_LO12,564 TLSDESC_ADD_LO12," +
		"565 TLSDESC_OFF_G1,566 TLSDESC_OFF_G0_NC,567 TLSDESC_LDR,568 TLSDESC_ADD,569 TLSDESC_CALL," +
		"570 TLSLE_LDST128_TPREL_LO12,571 TLSLE_LDST128_TPREL_LO12_NC,572 TLSLD_LDST128_DTPREL_LO12," +
		"573 TLSLD_LDST128_DTPREL_LO12_NC,580 AUTH_ABS64,1024 COPY,1025 GLOB_DAT,1026 JUMP_SLOT," +
		"1027 RELATIVE,1028 TLS_DTPMOD64,1029 TLS_DTPREL64,1030 TLS_TPREL64,1031 TLSDESC,1032 IRELATIVE," +
		"1041 AUTH_RELATIVE,33040 AUTH_MOVW_GOTOFF_G0,33041 AUTH_MOVW_GOTOFF_G0_NC," +
		"33042 AUTH_MOVW_GOTOFF_G1,33043 AUTH_MOVW_GOTOFF_G1_NC,33044 AUTH_MOVW_GOTOFF_G2," +
		"33045 AUTH_MOVW_GOTOFF_G2_NC,33046 AUTH_MOVW_GOTOFF_G3,33047 AUTH_GOT_LD_PREL19," +
		"33048 AUTH_LD64_GOTOFF_LO15,33049 AUTH_ADR_GOT_PAGE,33050 AUTH_LD64_GOT_LO12_NC," +
		"33051 AUTH_LD64_GOTPAGE_LO15,33052 AUTH_GOT_ADD_LO12_NC,33053 AUTH_GOT_ADR_PREL_LO21," +
		"57857 AUTH_GLOB_DAT,57858 AUTH_TLSDESC,57859 AUTH_IRELATIVE,",
}
