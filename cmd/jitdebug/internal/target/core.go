// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package target

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"syscall"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

var le = binary.LittleEndian

// What a core file's notes are, and where things are in them; see <elf.h> and
// <sys/procfs.h>.
const (
	coreType = 4 // e_type

	segmentLoad = 1 // p_type
	segmentNote = 4

	noteStatus    = 1
	noteProcess   = 3
	noteAuxiliary = 6
	noteFiles     = 0x46494c45

	accessExecute, accessWrite, accessRead = 1, 2, 4

	pageSize  = 4096
	noteLimit = 64 << 20
)

// A core is a core file. Memory that is not in it is read from the files that it was
// mapped from, if those are still the same.
type core struct {
	file     *os.File
	size     uint64
	segments []elf.Prog64 // in the order of their addresses
	mapped   []Mapping    // files
	files    map[string]File
	auxv     []byte
	all      []Thread
}

func openCore(path string) (*Target, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: neither the number of a process nor a core file", path)
	} else if err != nil {
		return nil, err
	}
	t, err := readCore(f, path)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func readCore(f *os.File, path string) (*Target, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	c := &core{file: f, size: uint64(info.Size()), files: map[string]File{}}
	t := &Target{Name: "core " + filepath.Base(path), source: c}
	b := make([]byte, elf.HeaderSize)
	if _, err := f.ReadAt(b, 0); err != nil || string(b[:4]) != elf.ELFMAG {
		return nil, errors.New("not a core file: no ELF header")
	}
	if b[elf.EI_CLASS] != elf.ELFCLASS64 || b[elf.EI_DATA] != elf.ELFDATA2LSB {
		return nil, errors.New("a core of a process that is not of 64 bits, lowest byte first: not supported")
	}
	h := elf.In[elf.Header64](b)
	if h.Type != coreType {
		return nil, fmt.Errorf("not a core file: e_type is %d, and a core's is %d", h.Type, coreType)
	}
	t.Machine = h.Machine
	progs, err := c.programHeaders(h)
	if err != nil {
		return nil, err
	}
	missing := false
	for i := range progs {
		p := &progs[i]
		switch p.Type {
		case segmentLoad:
			if p.Memsz == 0 || p.Vaddr+p.Memsz < p.Vaddr {
				continue
			}
			p.Filesz = min(p.Filesz, p.Memsz)
			if p.Off > c.size || p.Filesz > c.size-p.Off {
				missing = true
				p.Filesz = c.size - min(p.Off, c.size)
			}
			c.segments = append(c.segments, *p)
		case segmentNote:
			if p.Off <= c.size {
				notes := make([]byte, min(p.Filesz, c.size-p.Off, noteLimit))
				if _, err := f.ReadAt(notes, int64(p.Off)); err == nil {
					c.notes(t, notes)
				}
			}
		}
	}
	if missing {
		t.Notes = append(t.Notes, "the core is cut off (ulimit -c, a full disk?): what is behind its end cannot be read")
	}
	sort.Slice(c.segments, func(i, j int) bool { return c.segments[i].Vaddr < c.segments[j].Vaddr })
	c.map_(t)
	return t, nil
}

func (c *core) programHeaders(h *elf.Header64) ([]elf.Prog64, error) {
	count := uint64(h.Phnum)
	if count == elf.PN_XNUM { // then the first section header has it
		b := make([]byte, elf.SectionSize)
		if h.Shoff > c.size {
			return nil, errors.New("damaged: e_phnum is PN_XNUM, and there is no section header")
		}
		if _, err := c.file.ReadAt(b, int64(h.Shoff)); err != nil {
			return nil, errors.New("damaged: e_phnum is PN_XNUM, and there is no section header")
		}
		count = uint64(elf.In[elf.Section64](b).Info)
	}
	if h.Phoff > c.size || count > (c.size-h.Phoff)/elf.ProgSize {
		return nil, fmt.Errorf("damaged: %d program headers at %#x are announced, and the file has %d bytes", count, h.Phoff, c.size)
	}
	b := make([]byte, count*elf.ProgSize)
	if _, err := c.file.ReadAt(b, int64(h.Phoff)); err != nil {
		return nil, err
	}
	progs := make([]elf.Prog64, count)
	for i := range progs {
		progs[i] = *elf.In[elf.Prog64](b[i*elf.ProgSize:])
	}
	return progs, nil
}

func (c *core) notes(t *Target, b []byte) {
	for len(b) >= 12 {
		nameSize, size, typ := uint64(le.Uint32(b)), uint64(le.Uint32(b[4:])), le.Uint32(b[8:])
		name := elf.Slice(b, 12, nameSize)
		at := 12 + (nameSize+3)&^3
		d := elf.Slice(b, at, size)
		if d == nil {
			return
		}
		b = b[min(at+(size+3)&^3, uint64(len(b))):]
		if !bytes.HasPrefix(name, []byte("CORE")) {
			continue
		}
		switch typ {
		case noteStatus:
			c.all = append(c.all, statusOf(t.Machine, d))
		case noteProcess:
			if len(d) >= 56 {
				t.PID = int(int32(le.Uint32(d[24:])))
				t.Name += " of " + string(elf.String(d[40:56], 0))
			}
		case noteAuxiliary:
			c.auxv = d
		case noteFiles:
			c.mapped = append(c.mapped, mappedFiles(d)...)
		}
	}
}

// statusOf reads NT_PRSTATUS.
func statusOf(machine uint16, d []byte) (t Thread) {
	const id, registers = 32, 112
	word := func(n int) uint64 { return le.Uint64(d[registers+8*n:]) }
	if len(d) >= id+4 {
		t.ID = int(int32(le.Uint32(d[id:])))
	}
	switch {
	case machine == elf.EM_X86_64 && len(d) >= registers+27*8:
		t.FramePointer, t.PC, t.Stack, t.Known = word(4), word(16), word(19), true
	case machine == elf.EM_AARCH64 && len(d) >= registers+34*8:
		t.FramePointer, t.Stack, t.PC, t.Known = word(29), word(31), word(32), true
	}
	return t
}

// mappedFiles reads NT_FILE: how many, the size of a page, and of each its start, end and
// offset in pages; then the paths.
func mappedFiles(d []byte) (all []Mapping) {
	if len(d) < 16 {
		return nil
	}
	count, page := le.Uint64(d), le.Uint64(d[8:])
	if count > uint64(len(d)-16)/24 {
		return nil
	}
	paths := d[16+24*count:]
	for i := range count {
		entry := d[16+24*i:]
		path, rest, found := bytes.Cut(paths, []byte{0})
		if !found {
			break
		}
		paths = rest
		m := Mapping{Start: le.Uint64(entry), End: le.Uint64(entry[8:]), Offset: le.Uint64(entry[16:]) * page, Path: string(path), Read: true, Guessed: true}
		m.Path, m.Deleted = cutDeleted(m.Path)
		if m.Start < m.End {
			all = append(all, m)
		}
	}
	return all
}

// map_ makes the mappings: of segments, with the files' names, and of files without one.
func (c *core) map_(t *Target) {
	sort.Slice(c.mapped, func(i, j int) bool { return c.mapped[i].Start < c.mapped[j].Start })
	end := uint64(0)
	for _, s := range c.segments {
		m := Mapping{Start: max(s.Vaddr, end), End: s.Vaddr + s.Memsz,
			Read: s.Flags&accessRead != 0, Write: s.Flags&accessWrite != 0, Execute: s.Flags&accessExecute != 0}
		if m.Start >= m.End {
			continue
		}
		if f := mappingAt(c.mapped, m.Start); f != nil {
			m.Path, m.Deleted, m.Offset = f.Path, f.Deleted, f.Offset+m.Start-f.Start
		}
		t.Mappings = append(t.Mappings, m)
		end = m.End
	}
	segments := t.Mappings
	for _, f := range c.mapped {
		if mappingAt(segments, f.Start) == nil && mappingAt(segments, f.End-1) == nil {
			t.Mappings = append(t.Mappings, f)
		}
	}
	sort.SliceStable(t.Mappings, func(i, j int) bool { return t.Mappings[i].Start < t.Mappings[j].Start })
	end = 0
	kept := t.Mappings[:0]
	for _, m := range t.Mappings {
		if m.Start >= end {
			kept, end = append(kept, m), m.End
		}
	}
	t.Mappings = kept
}

func (c *core) read(b []byte, address uint64) int {
	i := sort.Search(len(c.segments), func(i int) bool { return c.segments[i].Vaddr+c.segments[i].Memsz > address })
	if i < len(c.segments) && c.segments[i].Vaddr <= address {
		s := &c.segments[i]
		if at := address - s.Vaddr; at < s.Filesz {
			n, _ := c.file.ReadAt(b[:min(uint64(len(b)), s.Filesz-at)], int64(s.Off+at))
			return n
		}
	}
	m := mappingAt(c.mapped, address)
	if m == nil {
		return 0
	}
	f := c.cached(m)
	if f == nil {
		return 0
	}
	n, _ := f.ReadAt(b[:min(uint64(len(b)), m.End-address)], int64(m.Offset+address-m.Start))
	return n
}

// cached is the file of a mapping, kept open.
func (c *core) cached(m *Mapping) File {
	f, known := c.files[m.Path]
	if !known {
		f, _ = c.openSame(m.Path)
		c.files[m.Path] = f
	}
	return f
}

func (c *core) open(m *Mapping) (File, error) {
	f, err := c.openSame(m.Path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// openSame opens a file if it begins as it did in the process.
func (c *core) openSame(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if _, err := regular(f); err != nil {
		return nil, err
	}
	for i := range c.mapped {
		m := &c.mapped[i]
		if m.Path != path || m.Offset != 0 {
			continue
		}
		var then, now [pageSize]byte
		i := sort.Search(len(c.segments), func(i int) bool { return c.segments[i].Vaddr+c.segments[i].Filesz > m.Start })
		if i == len(c.segments) || c.segments[i].Vaddr > m.Start {
			break // not in the core: nothing to compare
		}
		n := c.read(then[:], m.Start)
		if got, _ := f.ReadAt(now[:], 0); !bytes.Equal(then[:min(n, got)], now[:min(n, got)]) {
			f.Close()
			return nil, fs.ErrNotExist
		}
		break
	}
	return f, nil
}

func (c *core) auxiliary() []byte                { return c.auxv }
func (c *core) threads() []Thread                { return c.all }
func (c *core) stop() (resume func(), err error) { return func() {}, nil }

func (c *core) close() {
	c.file.Close()
	for _, f := range c.files {
		if f != nil {
			f.Close()
		}
	}
}
