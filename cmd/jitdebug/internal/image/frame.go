// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"sort"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// A Frame is a frame description entry: how to find the caller of a range of code.
type Frame struct {
	Start, End   uint64
	Section      string // .debug_frame or .eh_frame
	CodeAlign    uint64
	DataAlign    int64
	ReturnColumn uint64
	Initial      []byte // instructions of the CIE
	Instructions []byte
}

// Frames returns the frame descriptions, by their addresses.
func (im *Image) Frames() []Frame {
	if !im.read.frames {
		im.read.frames = true
		for i := range im.file.Sections {
			switch s := &im.file.Sections[i]; string(im.file.Name(s)) {
			case ".debug_frame", ".zdebug_frame":
				im.readFrames(im.contents("debug_frame"), ".debug_frame", s.Addr)
			case ".eh_frame":
				im.readFrames(im.relocated(i, im.file.Contents(s)), ".eh_frame", s.Addr)
			}
		}
		sort.SliceStable(im.frames, func(i, j int) bool { return im.frames[i].Start < im.frames[j].Start })
	}
	return im.frames
}

// Frame returns the description of the frame at an address, or nil.
func (im *Image) Frame(address uint64) *Frame {
	all := im.Frames()
	i := sort.Search(len(all), func(i int) bool { return all[i].Start > address }) - 1
	if i >= 0 && address < all[i].End {
		return &all[i]
	}
	return nil
}

// ParseFrames reads an .eh_frame that lies at an address.
func ParseFrames(b []byte, address uint64) []Frame {
	var im Image
	im.readFrames(b, ".eh_frame", address)
	return im.frames
}

// A cie is what frame descriptions have in common.
type cie struct {
	frame     Frame
	encoding  byte
	augmented bool // it says so: FDEs have a length of theirs
}

// A reader reads numbers, and remembers that there were too few bytes.
type reader struct {
	b     []byte
	at    int
	short bool
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b)-r.at {
		r.short, r.at = true, len(r.b)
		return make([]byte, 8)[:min(max(n, 0), 8)]
	}
	b := r.b[r.at : r.at+n]
	r.at += n
	return b
}

func (r *reader) u8() byte { return r.bytes(1)[0] }

func (r *reader) uleb() (v uint64) {
	for shift := uint(0); !r.short; shift += 7 {
		c := r.u8()
		if shift < 64 {
			v |= uint64(c&0x7f) << shift
		}
		if c < 0x80 {
			break
		}
	}
	return v
}

func (r *reader) sleb() int64 {
	var v uint64
	for shift := uint(0); !r.short; {
		c := r.u8()
		if shift < 64 {
			v |= uint64(c&0x7f) << shift
			if shift += 7; c < 0x80 && c&0x40 != 0 && shift < 64 {
				v |= ^uint64(0) << shift
			}
		}
		if c < 0x80 {
			break
		}
	}
	return int64(v)
}

func (r *reader) text() string {
	s := elf.String(r.b[r.at:], 0)
	r.bytes(len(s) + 1)
	return string(s)
}

// pointer reads a pointer in one of the encodings of .eh_frame; base is the address of the
// section.
func (r *reader) pointer(encoding byte, base uint64) (v uint64) {
	at := base + uint64(r.at)
	switch encoding & 0x0f {
	case 0x00, 0x04, 0x0c:
		v = le.Uint64(r.bytes(8))
	case 0x01:
		v = r.uleb()
	case 0x09:
		v = uint64(r.sleb())
	case 0x02:
		v = uint64(le.Uint16(r.bytes(2)))
	case 0x0a:
		v = uint64(int16(le.Uint16(r.bytes(2))))
	case 0x03:
		v = uint64(le.Uint32(r.bytes(4)))
	case 0x0b:
		v = uint64(int32(le.Uint32(r.bytes(4))))
	default:
		r.short = true
	}
	if encoding&0x70 == 0x10 { // relative to where it is
		v += at
	}
	return v
}

// readFrames reads a section of call frame information.
func (im *Image) readFrames(b []byte, name string, base uint64) {
	exception := name == ".eh_frame"
	known := map[int]*cie{}
	for at := 0; at+8 <= len(b); {
		size, header := uint64(le.Uint32(b[at:])), 4
		wide := size == 0xffffffff
		if wide {
			if at+20 > len(b) {
				return
			}
			size, header = le.Uint64(b[at+4:]), 12
		}
		if size == 0 && exception || size > uint64(len(b)-at-header) {
			return
		}
		start, end := at+header, at+header+int(size)
		r := &reader{b: b[:end], at: start}
		var id uint64
		if wide {
			id = le.Uint64(r.bytes(8))
		} else if id = uint64(le.Uint32(r.bytes(4))); id == 0xffffffff {
			id = ^uint64(0)
		}
		switch isCIE := exception && id == 0 || !exception && id == ^uint64(0); {
		case r.short:
		case isCIE:
			known[at] = readCIE(r, name)
		default:
			from := int(int64(id))
			if exception {
				from = start - int(int64(id))
			}
			if c := known[from]; c != nil {
				im.frame(c, r, base)
			}
		}
		at = end
	}
}

func readCIE(r *reader, name string) *cie {
	c := &cie{frame: Frame{Section: name}}
	version := r.u8()
	augmentation := r.text()
	if version >= 4 && name == ".debug_frame" {
		r.bytes(2) // the sizes of an address and of a segment
	}
	c.frame.CodeAlign, c.frame.DataAlign = r.uleb(), r.sleb()
	if version == 1 {
		c.frame.ReturnColumn = uint64(r.u8())
	} else {
		c.frame.ReturnColumn = r.uleb()
	}
	if len(augmentation) > 0 && augmentation[0] == 'z' {
		c.augmented = true
		size := r.uleb()
		if size > uint64(len(r.b)-r.at) {
			return nil
		}
		next := r.at + int(size)
		for _, letter := range augmentation[1:] {
			switch letter {
			case 'R':
				c.encoding = r.u8()
			case 'L':
				r.u8()
			case 'P':
				r.pointer(r.u8()&0x0f, 0)
			}
		}
		r.at = next
	}
	if r.short {
		return nil
	}
	c.frame.Initial = r.b[r.at:]
	return c
}

func (im *Image) frame(c *cie, r *reader, base uint64) {
	f := c.frame
	f.Start = r.pointer(c.encoding, base)
	f.End = f.Start + r.pointer(c.encoding&0x0f, 0)
	if c.augmented {
		r.bytes(int(min(r.uleb(), 1<<30)))
	}
	if r.short || f.End <= f.Start {
		return
	}
	f.Instructions = r.b[r.at:]
	im.frames = append(im.frames, f)
}
