// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A converter writes an .eh_frame as .debug_frame, without the FDEs of code that was
// not loaded. It runs twice: with out nil it only counts the bytes.
type converter struct {
	f       *file
	section int    // index of the .eh_frame
	base    uint64 // offset of out in the image's .debug_frame
	out     []byte
	n       uint64 // bytes written, or counted

	relocations relocationTable
	next        int         // the relocation that seek looks at next
	cies        map[int]cie // by their offsets in the .eh_frame
}

// A cie is what is needed of a common information entry to convert the FDEs that
// refer to it.
type cie struct {
	offset      uint64 // in the image's .debug_frame
	pointer     pointer
	augmented   bool // the FDEs have augmentation data
	augmentsOut bool // so they have in the .debug_frame
}

// A pointer is how an FDE gives the address of its function.
type pointer struct {
	size     int
	relative bool
}

func (c *converter) convert() error {
	c.relocations = c.f.relocations(c.section)
	c.cies = map[int]cie{}
	t := &c.relocations
	for n := 1; n < t.Len(); n++ {
		if r := t.At(n); r.Off < t.offset(n-1) {
			return t.error(Unsupported, n, r.Type(), "before the place of the relocation in front of it")
		}
	}
	b := c.f.contents(c.section)
	for at := 0; at < len(b); {
		r := cursor.Reader{Bytes: b, At: at}
		length := r.U32()
		if length == 0 && !r.Short {
			break // the end, even if bytes follow
		}
		if length >= 0xfffffff0 {
			return c.error(Unsupported, at, "its length is "+hex(uint64(length))+", which means an entry of more than 4 GiB")
		}
		start := r.At
		if r.Skip(uint64(length)); r.Short {
			return c.error(BadObject, at, "it ends past the section's "+decimal(len(b))+" bytes")
		}
		r.Bytes, r.At = b[:r.At], start
		var err error
		if id := r.U32(); id == 0 {
			err = c.convertCIE(r, at)
		} else {
			err = c.convertFDE(r, at, start-int(id))
		}
		if err != nil {
			return err
		}
		at = len(r.Bytes)
	}
	return nil
}

// convertCIE converts the CIE at an offset; r is at its version.
func (c *converter) convertCIE(r cursor.Reader, at int) error {
	version := r.U8()
	if version != 1 && version != 3 {
		return c.error(BadObject, at, "its version is "+decimal(int(version))+", in .eh_frame there are 1 and 3")
	}
	augmentation := r.String()
	if r.Short {
		return c.error(BadObject, at, "it ends too early")
	}
	factors := r.At
	r.ULEB()
	r.ULEB()
	if version == 1 {
		r.U8()
	} else {
		r.ULEB()
	}
	known := cie{offset: c.base + c.n, pointer: pointer{size: 8}}
	kept := r.Bytes[factors:r.At]
	letters := []byte{}
	if len(augmentation) != 0 {
		if augmentation[0] != 'z' {
			return c.error(Unsupported, at, "its augmentation is "+printable(augmentation)+", which is unknown")
		}
		known.augmented = true
		data := cursor.Reader{Bytes: r.Take(r.ULEB())}
		letters = append(letters, 'z')
		for _, letter := range augmentation[1:] {
			ok := true
			switch letter {
			case 'R':
				known.pointer, ok = pointerOf(data.U8())
			case 'P':
				var p pointer
				p, ok = pointerOf(data.U8() &^ 0x80) // without DW_EH_PE_indirect
				data.Skip(uint64(p.size))
			case 'L':
				data.U8()
			case 'S', 'B', 'G':
				letters = append(letters, letter)
			default:
				ok = false
			}
			if !ok || data.Short {
				return c.error(Unsupported, at, "its augmentation is "+printable(augmentation)+", with data that is unknown")
			}
		}
	}
	if r.Short {
		return c.error(BadObject, at, "it ends too early")
	}
	if len(letters) == 1 {
		letters = nil
	}
	known.augmentsOut = letters != nil
	c.cies[at] = known

	begin := c.begin()
	c.put32(0xffffffff)
	c.put(version)
	c.put(letters...)
	c.put(0)
	c.put(kept...)
	if known.augmentsOut {
		c.put(0)
	}
	c.put(r.Bytes[r.At:]...)
	c.end(begin)
	return nil
}

// convertFDE converts the FDE at an offset; r is at its pointer to the code.
func (c *converter) convertFDE(r cursor.Reader, at, cieAt int) error {
	cie, ok := c.cies[cieAt]
	if !ok {
		return c.error(BadObject, at, "its CIE is at offset "+decimal(uint64(max(cieAt, 0)))+", where none is")
	}
	begins := r.At
	r.Skip(uint64(cie.pointer.size))
	size := r.Uint(cie.pointer.size)
	if cie.augmented {
		r.Take(r.ULEB())
	}
	if r.Short {
		return c.error(BadObject, at, "it ends too early")
	}
	address, known, err := c.target(begins, cie.pointer, r.Bytes)
	if err != nil {
		return err
	}
	if err := c.refuseRelocated(r.At, len(r.Bytes)); err != nil {
		return err
	}
	if !known {
		return nil // its code was not loaded
	}
	begin := c.begin()
	c.put32(uint32(cie.offset))
	c.put64(address)
	c.put64(size)
	if cie.augmentsOut {
		c.put(0)
	}
	c.put(r.Bytes[r.At:]...)
	c.end(begin)
	return nil
}

// target is the address of the code that the pointer at an offset of b points to: what
// its relocation says.
func (c *converter) target(offset int, p pointer, b []byte) (address uint64, known bool, err error) {
	n := c.seek(uint64(offset))
	t := &c.relocations
	if n == t.Len() || t.offset(n) != uint64(offset) {
		return 0, false, nil // without one it points nowhere
	}
	r, err := t.read(n, uint64(len(b)))
	if err != nil {
		return 0, false, err
	}
	want := machine.Absolute
	if p.relative {
		want = machine.Relative
	}
	if r.kind.Value != want || int(r.kind.Size) != p.size {
		return 0, false, t.error(BadObject, n, r.kind.Type, "the CIE says that this pointer is another one")
	}
	if !r.explicit {
		r.addend = r.implicit(b[offset:])
	}
	address, known, err = c.f.resolve(r.symbol)
	return address + r.addend, known && r.symbol != 0, err
}

// refuseRelocated refuses relocations between two offsets, those of call frame
// instructions: no compiler is known to write one there.
func (c *converter) refuseRelocated(from, to int) error {
	n := c.seek(uint64(from))
	if t := &c.relocations; n < t.Len() && t.offset(n) < uint64(to) {
		r := t.At(n)
		return t.error(Unsupported, n, r.Type(), "in the instructions of a frame description")
	}
	return nil
}

// seek finds the first relocation at or after an offset, which may not be lower than in
// the call before: relocations are in the order of their offsets.
func (c *converter) seek(offset uint64) int {
	for c.next < c.relocations.Len() && c.relocations.offset(c.next) < offset {
		c.next++
	}
	return c.next
}

// pointerOf is what an encoding of pointers (DW_EH_PE) means.
func pointerOf(encoding byte) (p pointer, ok bool) {
	switch encoding & 0xf {
	case 0x0, 0x4, 0xc: // absptr, udata8, sdata8
		p.size = 8
	case 0x3, 0xb: // udata4, sdata4
		p.size = 4
	case 0x2, 0xa:
		p.size = 2
	default:
		return p, false
	}
	p.relative = encoding&0xf0 == 0x10
	return p, encoding&0xf0 == 0 || p.relative
}

// begin writes room for an entry's length, and end pads the entry and writes its length
// there.
func (c *converter) begin() uint64 {
	begin := c.n
	c.put32(0)
	return begin
}

func (c *converter) end(begin uint64) {
	for c.n%8 != 0 {
		c.put(0) // DW_CFA_nop
	}
	if c.out != nil {
		le.PutUint32(c.out[begin:], uint32(c.n-begin-4))
	}
}

func (c *converter) put(b ...byte) {
	if c.out != nil {
		copy(c.out[c.n:c.n+uint64(len(b))], b)
	}
	c.n += uint64(len(b))
}

func (c *converter) put32(v uint32) {
	if c.out != nil {
		le.PutUint32(c.out[c.n:], v)
	}
	c.n += 4
}

func (c *converter) put64(v uint64) {
	if c.out != nil {
		le.PutUint64(c.out[c.n:], v)
	}
	c.n += 8
}

// error is an error about the entry at an offset.
func (c *converter) error(kind Kind, at int, text string) error {
	return c.f.sectionError(kind, c.section, "the entry at offset "+hex(uint64(at))+": "+text)
}
