package object

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A converter writes what an .eh_frame says about code that was loaded as
// .debug_frame. It runs twice: to count the bytes, with out nil, and to write.
type converter struct {
	f       *file
	section int    // of the .eh_frame
	base    uint64 // of what is written, in the image's .debug_frame
	out     []byte
	n       uint64 // bytes written, or counted

	relocations relocationTable
	next        int // relocation; they are looked for in the order of their places
	cies        map[int]cie
}

// A cie is a common information entry, as far as the entries that refer to it
// must know.
type cie struct {
	at       uint64 // where it was written
	pointer  pointer
	augments bool // FDEs have augmentation data
	keeps    bool // and still have, when written
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

// convertCIE converts an entry whose version is read next.
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
	known := cie{at: c.base + c.n, pointer: pointer{size: 8}}
	kept := r.Bytes[factors:r.At]
	letters := []byte{}
	if len(augmentation) != 0 {
		if augmentation[0] != 'z' {
			return c.error(Unsupported, at, "its augmentation is "+printable(augmentation)+", which is unknown")
		}
		known.augments = true
		data := cursor.Reader{Bytes: r.Take(r.ULEB())}
		letters = append(letters, 'z')
		for _, letter := range augmentation[1:] {
			ok := true
			switch letter {
			case 'R':
				known.pointer, ok = pointerOf(data.U8())
			case 'P':
				var p pointer
				p, ok = pointerOf(data.U8() & 0x7f) // through memory or not
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
	known.keeps = letters != nil
	c.cies[at] = known

	begin := c.begin()
	c.put32(0xffffffff)
	c.put(version)
	c.put(letters...)
	c.put(0)
	c.put(kept...)
	if known.keeps {
		c.put(0)
	}
	c.put(r.Bytes[r.At:]...)
	c.end(begin)
	return nil
}

// convertFDE converts an entry whose pointer to the code is read next.
func (c *converter) convertFDE(r cursor.Reader, at, cieAt int) error {
	cie, ok := c.cies[cieAt]
	if !ok {
		return c.error(BadObject, at, "its CIE is at offset "+decimal(uint64(max(cieAt, 0)))+", where none is")
	}
	place := r.At
	r.Skip(uint64(cie.pointer.size))
	size := r.Uint(cie.pointer.size)
	if cie.augments {
		r.Take(r.ULEB())
	}
	if r.Short {
		return c.error(BadObject, at, "it ends too early")
	}
	address, known, err := c.target(place, cie.pointer, r.Bytes)
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
	c.put32(uint32(cie.at))
	c.put64(address)
	c.put64(size)
	if cie.keeps {
		c.put(0)
	}
	c.put(r.Bytes[r.At:]...)
	c.end(begin)
	return nil
}

// target is the address of the code that the pointer at a place points to.
func (c *converter) target(place int, p pointer, b []byte) (address uint64, known bool, err error) {
	n := c.seek(uint64(place))
	t := &c.relocations
	if n == t.Len() || t.offset(n) != uint64(place) {
		return 0, false, nil // to nothing
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
		r.addend = r.implicit(b[place:])
	}
	address, known, err = c.f.resolve(r.symbol)
	return address + r.addend, known && r.symbol != 0, err
}

// refuseRelocated refuses relocations between two offsets: instructions have none
// that is known.
func (c *converter) refuseRelocated(from, to int) error {
	n := c.seek(uint64(from))
	if t := &c.relocations; n < t.Len() && t.offset(n) < uint64(to) {
		r := t.At(n)
		return t.error(Unsupported, n, r.Type(), "in the instructions of a frame description")
	}
	return nil
}

// seek finds the first relocation at or after an offset. Compilers write them in
// order, and so are they asked for.
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

// begin begins an entry, and end ends it: the length in front, padding behind.
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
