// Package symfile says whether a debugger can read a symbol file: an ELF image
// in memory, as it is handed over through the GDB JIT interface.
//
// What a debugger does not choke on is accepted, however odd. What makes gdb
// print an error, abort a command, or what makes lldb read far past the image
// is refused, with a sentence that names the field and its value.
package symfile

// CheckHeader checks no more than the ELF header of an image, or of an object file
// that an image is made of.
func CheckHeader(image []byte) error {
	f := file{bytes: image}
	return f.checkHeader()
}

// Check says whether a debugger can read image, an ELF file as it lies in
// memory: nil, or an error whose text is one sentence that names the field and
// the value that are wrong.
//
// The bytes have to be readable. They may change meanwhile: the answer is then
// about some mixture of old and new, and nothing worse happens. The time that a
// check takes follows from what the headers describe, not from len(image), and
// an image without debug information, or with call frame information alone, is
// checked without allocating, unless that has to be relocated.
func Check(image []byte) error {
	return CheckWithin(image, func(uintptr) bool { return true })
}

// CheckWithin is Check where memory may be short: before it allocates anything
// that grows with the image it asks for room, in bytes, and returns ErrMemory if
// there is none.
func CheckWithin(image []byte, room func(bytes uintptr) bool) error {
	f := file{bytes: image}
	if err := f.checkHeader(); err != nil {
		return err
	}
	if err := f.checkSections(); err != nil {
		return err
	}
	if f.segments != 0 {
		if err := f.checkSegments(); err != nil {
			return err
		}
	}
	if err := f.checkSize(); err != nil {
		return err
	}
	// Contents come next: a lying size has been found out by now, before it leads
	// anywhere.
	if f.has&(hasDebug|hasRelocations|hasGroups) != 0 && !room(2*uintptr(len(image))) {
		return ErrMemory
	}
	if f.has&hasSymbols != 0 {
		if err := f.checkSymbolTables(); err != nil {
			return err
		}
	}
	if f.has&hasRelocations != 0 {
		if err := f.checkRelocations(); err != nil {
			return err
		}
	}
	if f.has&hasGroups != 0 {
		if err := f.checkGroups(); err != nil {
			return err
		}
	}
	if f.has&hasCompressed != 0 {
		if err := f.checkCompressed(); err != nil {
			return err
		}
	}
	if f.frames != 0 || f.has&hasDebug != 0 {
		if err := f.checkLoaded(); err != nil {
			return err
		}
		f.findRelocations()
	}
	if f.frames != 0 {
		if err := f.checkFrames(); err != nil {
			return err
		}
	}
	if f.has&hasDebug != 0 {
		return checkDebug(f)
	}
	return nil
}

// Code calls visit with the address and the size in bytes of each section of an
// image that is loaded code, until it returns false. It visits none of what has no
// right header.
func Code(image []byte, visit func(address, size uint64) bool) {
	f := file{bytes: image}
	if f.checkHeader() != nil {
		return
	}
	const code = flagAlloc | flagExec
	for i := uint64(1); i < f.sections; i++ {
		if h := f.section(i); h.flags()&code == code && !visit(h.addr(), h.size()) {
			return
		}
	}
}

// CheckApart says which section of an image that Check accepts is loaded over an
// address that is none of its business, if there is one.
func CheckApart(image []byte, address uint64, what string) error {
	f := file{bytes: image}
	if err := f.checkHeader(); err != nil {
		return err
	}
	for i := uint64(1); i < f.sections; i++ {
		if h := f.section(i); h.flags()&flagAlloc != 0 && address-h.addr() < h.size() {
			return f.sectionError(i, "sh_addr %#x + sh_size %#x covers %s at %#x", h.addr(), h.size(), what, address)
		}
	}
	return nil
}
