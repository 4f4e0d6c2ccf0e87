// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package cfi

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/endian"
	"github.com/libjitdebug/libjitdebug/internal/format"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

var le = endian.Little

// An entry is what the header of an entry says.
type entry struct {
	kind   kind
	common int // of an FDE, where its CIE is
}

type kind uint8

const (
	empty kind = iota // no more than a length of 0
	common
	description
)

// open reads an entry's header. r then ends with the entry.
func (t *table) open(r *cursor.Reader) (e entry, err error) {
	if b := r.Bytes[r.At:]; len(b) >= 8 { // as nearly all are: short, and whole
		length, id := uint64(le.Uint32(b)), int(le.Uint32(b[4:]))
		if length >= 4 && length <= uint64(len(b)-4) {
			r.At += 8
			r.Bytes = r.Bytes[:r.At+int(length)-4]
			switch {
			case t.exception && id == 0, !t.exception && id == 1<<32-1:
				return entry{kind: common}, nil
			case t.exception:
				return entry{description, r.At - 4 - id}, nil
			}
			return entry{description, id}, nil
		}
	}
	return t.openOther(r)
}

func (t *table) openOther(r *cursor.Reader) (e entry, err error) {
	length, offsetSize := r.Length()
	if r.Short || length > uint64(r.Left()) {
		return e, format.Errorf("its length is %#x, the section ends %#x bytes later", length, r.Left())
	}
	at := r.At
	r.Bytes = r.Bytes[:at+int(length)]
	if length == 0 {
		return e, nil
	}
	// gdb reads a pointer of eight bytes in a long entry of .eh_frame, others one of
	// four: no compiler writes such.
	if t.exception && offsetSize == 8 {
		return e, format.Errorf("it has a length of 64 bits, which debuggers read in two ways")
	}
	id := r.Uint(offsetSize)
	if r.Short {
		return e, format.Errorf("its length is %#x, less than its header", length)
	}
	e = entry{description, int(int64(id))}
	switch {
	case t.exception:
		if e.common = at - int(id); id == 0 {
			e.kind = common
		}
	case id == 1<<(8*offsetSize)-1:
		e.kind = common
	}
	return e, nil
}

// A commonEntry is what frame descriptions take from their CIE.
type commonEntry struct {
	at        int
	addrSize  byte
	pointers  byte // encoding of addresses
	augmented bool // augmentation data with their length are there
	cfa       cfa
}

// find is the CIE at an offset, if it has been read.
func (t *table) find(at int) *commonEntry {
	if t.last.at == at && t.read {
		return &t.last
	}
	n, ok := slices.BinarySearchFunc(t.all, at, func(c commonEntry, at int) int { return cmp.Compare(c.at, at) })
	if !ok {
		return nil
	}
	t.last, t.checked = t.all[n], nil
	return &t.last
}

// add keeps a CIE, which is behind those before.
func (t *table) add(c commonEntry) {
	if t.read && len(t.all) == 0 {
		t.all = append(t.all, t.last)
	}
	if t.read {
		t.all = append(t.all, c)
	}
	t.last, t.read, t.checked = c, true, nil
}

// check reads and checks a CIE from its version on.
func (c *commonEntry) check(r *cursor.Reader) error {
	version := r.U8()
	if version != 1 && version != 3 && version != 4 {
		return format.Errorf("its version is %d, it can be 1, 3 and 4", version)
	}
	augmentation := r.String()
	if string(augmentation) == "eh" {
		r.Skip(8)
		augmentation = nil
	}
	if version >= 4 {
		c.addrSize = r.U8()
		if c.addrSize != 8 && c.addrSize != 4 {
			return format.Errorf("its address_size is %d, addresses have 8 bytes", c.addrSize)
		}
		if segment := r.U8(); segment != 0 {
			return format.Errorf("its segment_selector_size is %d, addresses have no segments", segment)
		}
	}
	r.ULEB() // code_alignment_factor
	r.ULEB() // data_alignment_factor
	register := uint64(0)
	if version == 1 {
		register = uint64(r.U8())
	} else {
		register = r.ULEB()
	}
	if !machine.Host.HasRegister(register) && !r.Short {
		return format.Errorf("its return_address_register is %d, which the machine has not", register)
	}
	if len(augmentation) > 0 {
		if augmentation[0] != 'z' {
			return format.Errorf("its augmentation begins with %#x, and not with z and a length", augmentation[0])
		}
		c.augmented = true
		size := r.ULEB()
		if size > uint64(r.Left()) {
			return format.Errorf("its augmentation data have %#x bytes, more than the entry", size)
		}
		end := r.At + int(size)
		if err := c.readAugmentation(r, augmentation[1:]); err != nil {
			return err
		}
		if r.At > end {
			return format.Errorf("its augmentation data go on past their length")
		}
		r.At = end
	}
	if r.Short {
		return format.Errorf("its header ends past its end at %#x", len(r.Bytes))
	}
	p := program{addrSize: c.addrSize, pointers: c.pointers, common: true}
	err := p.check(r)
	c.cfa = p.cfa
	return err
}

// readAugmentation reads the data of the letters of an augmentation that debuggers
// know; of what follows another one, no debugger knows anything.
func (c *commonEntry) readAugmentation(r *cursor.Reader, letters []byte) error {
	for _, letter := range letters {
		switch letter {
		case 'L':
			if encoding := r.U8(); encoding != encodingOmit && !validEncoding(encoding&^encodingIndirect) {
				return format.Errorf("its LSDA encoding is %#x, which is unknown", encoding)
			}
		case 'R':
			if c.pointers = r.U8(); !validEncoding(c.pointers) {
				return format.Errorf("its pointer encoding is %#x, which is unknown", c.pointers)
			}
		case 'P':
			encoding := r.U8()
			if !validEncoding(encoding &^ encodingIndirect) {
				return format.Errorf("its personality encoding is %#x, which is unknown", encoding)
			}
			skipPointer(r, encoding, 8)
		case 'S', 'B', 'G':
		default:
			return nil
		}
	}
	return nil
}

// checkDescription checks an FDE from its address on.
func (t *table) checkDescription(c *commonEntry, r *cursor.Reader) error {
	if c.pointers == encodingAbsolute {
		r.Skip(2 * uint64(c.addrSize))
	} else {
		skipPointer(r, c.pointers, c.addrSize)
		skipPointer(r, c.pointers&0x0f, c.addrSize)
	}
	if c.augmented {
		r.Skip(r.ULEB())
	}
	if r.Short {
		return format.Errorf("its header ends past its end at %#x", len(r.Bytes))
	}
	// A compiler's functions, and more so a JIT's, often have the same.
	instructions := r.Bytes[r.At:]
	if t.checked != nil && bytes.Equal(instructions, t.checked) {
		return nil
	}
	p := program{addrSize: c.addrSize, pointers: c.pointers, cfa: c.cfa}
	if err := p.check(r); err != nil {
		return err
	}
	t.checked = instructions
	return nil
}
