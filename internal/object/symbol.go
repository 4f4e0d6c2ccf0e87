package object

const (
	symbolSize = 24
	indexSize  = 4 // of an entry in SHT_SYMTAB_SHNDX

	symbolSection = 3 // STT_SECTION
	symbolFile    = 4 // STT_FILE
)

// A symbol is one Elf64_Sym in place.
type symbol [symbolSize]byte

func (s *symbol) name() uint32  { return le.Uint32(s[0:]) }
func (s *symbol) typ() byte     { return s[4] & 0xf }
func (s *symbol) local() bool   { return s[4]>>4 == 0 }
func (s *symbol) index() uint16 { return le.Uint16(s[6:]) }
func (s *symbol) value() uint64 { return le.Uint64(s[8:]) }
func (s *symbol) size() uint64  { return le.Uint64(s[16:]) }

func (f *file) symbolCount() int { return len(f.symbols) / symbolSize }

func (f *file) symbol(n int) *symbol {
	return (*symbol)(f.symbols[n*symbolSize:])
}

// home is the section in which symbol n is defined; 0 if it is in none.
func (f *file) home(n int) (int, error) {
	index := int(f.symbol(n).index())
	if index == indexExtended {
		if len(f.indexes)/indexSize <= n {
			return 0, bad("symbol " + decimal(n) + quoted(f.symbolName(n)) + ": st_shndx is SHN_XINDEX, but SHT_SYMTAB_SHNDX has no entry for it")
		}
		index = int(le.Uint32(f.indexes[n*indexSize:]))
	} else if index >= indexReserve {
		return 0, nil
	}
	if index >= len(f.headers) {
		return 0, bad("symbol " + decimal(n) + quoted(f.symbolName(n)) + ": its section is " + decimal(index) +
			", there are " + decimal(len(f.headers)) + " sections")
	}
	return index, nil
}

func (f *file) symbolName(n int) []byte { return text(f.strings, f.symbol(n).name()) }

// resolve is the address of symbol n, or its offset in a section of the image.
// It is not known, if the symbol belongs to another object, or to a section that
// was not loaded.
func (f *file) resolve(n int) (address uint64, known bool, err error) {
	if n == 0 {
		return 0, true, nil
	}
	s := f.symbol(n)
	home, err := f.home(n)
	if err != nil {
		return 0, false, err
	}
	if home == 0 {
		return s.value(), s.index() == indexAbsolute, nil
	}
	in := &f.sections[home]
	return in.address + s.value(), in.fate == debug || in.placed(), nil
}
