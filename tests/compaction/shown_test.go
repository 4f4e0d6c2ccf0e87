// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package compaction

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
)

// A reader knows the images that it has read: most are the same at the next stop.
type reader struct {
	seed  maphash.Seed
	known map[uint64]contents
	code  uint64
}

// contents are what an image says, checked: each function as it was described.
type contents struct {
	functions []int
	part      []int // of which it does not say all
	sections  []extent
}

type extent struct{ from, to uint64 }

func newReader() *reader { return &reader{seed: maphash.MakeSeed(), known: map[uint64]contents{}} }

// read reads an image and checks what it says of each of its functions.
func (r *reader) read(t *testing.T, image []byte) contents {
	t.Helper()
	key := maphash.Bytes(r.seed, image)
	if c, ok := r.known[key]; ok {
		return c
	}
	c, err := r.parse(image)
	if err != nil {
		t.Fatalf("an image of %d bytes: %v", len(image), err)
	}
	r.known[key] = c
	return c
}

func (r *reader) parse(image []byte) (c contents, err error) {
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return c, err
	}
	for _, s := range file.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 {
			c.sections = append(c.sections, extent{s.Addr, s.Addr + s.Size})
		}
	}
	symbols, err := file.Symbols()
	if err != nil {
		return c, err
	}
	for _, s := range symbols {
		if s == (elf.Symbol{Section: elf.SHN_UNDEF, Value: s.Value, Size: s.Size}) {
			continue // of a function that is gone
		}
		section := file.Sections[s.Section]
		i := r.index(section.Addr + s.Value)
		if want := described(i); s.Name != want.name || s.Size != want.size || s.Value+s.Size > section.Size {
			return c, fmt.Errorf("symbol %+v in %+v, function %d is %+v", s, section.SectionHeader, i, want)
		}
		c.functions = append(c.functions, i)
	}
	slices.Sort(c.functions)
	data, err := file.DWARF()
	if err != nil {
		return c, err
	}
	return c, r.debugInformation(data, &c)
}

// debugInformation checks that each function is in it once, with its lines. One that
// is about to come or to go may lack something.
func (r *reader) debugInformation(data *dwarf.Data, c *contents) error {
	programs := map[int]int{}
	rows := map[uint64]dwarf.LineEntry{}
	for entries := data.Reader(); ; {
		e, err := entries.Next()
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			program, err := data.LineReader(e)
			if err != nil {
				return err
			}
			var row dwarf.LineEntry
			for program.Next(&row) == nil {
				if !row.EndSequence {
					rows[row.Address] = row
				}
			}
		case dwarf.TagSubprogram:
			low := e.Val(dwarf.AttrLowpc).(uint64)
			i := r.index(low)
			want := described(i)
			if e.Val(dwarf.AttrName) != want.name || uint64(e.Val(dwarf.AttrHighpc).(int64)) != want.size {
				return fmt.Errorf("%v, function %d is %+v", e, i, want)
			}
			programs[i]++
		}
	}
	for _, i := range c.functions {
		want := described(i)
		whole := programs[i] == 1
		for n := range uint64(lines) {
			row := rows[r.address(i)+n*want.size/lines]
			whole = whole && row.Line == 10*i+int(n)+1 && row.File != nil && row.File.Name == want.file
		}
		if !whole {
			c.part = append(c.part, i)
		}
		delete(programs, i)
	}
	for i := range programs {
		c.part = append(c.part, i)
	}
	return nil
}

func (r *reader) index(address uint64) int { return int((address - r.code) / slot) }
func (r *reader) address(index int) uint64 { return r.code + uint64(index)*slot }

type description struct {
	name, file string
	size       uint64
}

func described(i int) description {
	size := 8 + i%(slot-8)
	if i%3 == 2 {
		size = slot
	}
	return description{fmt.Sprintf("function_%d", i), fmt.Sprintf("/source/%d.lang", i%3), uint64(size)}
}

// check looks at the list as it is, and at each image on it. Each function that
// is present must be shown, and none that is absent.
func (r *reader) check(p *process) (entries []entry, walked *walk) {
	p.t.Helper()
	r.code = p.plan.code
	entries, walked = p.list()
	states := p.plan.states
	var shown [functions]int
	var sections []extent
	for _, e := range entries {
		image := p.get(e.image, e.size)
		walked.add(e.image, image)
		c := r.read(p.t, image)
		for _, i := range c.functions {
			shown[i]++
		}
		for _, i := range c.part {
			if states[i] == present || states[i] == absent {
				p.t.Fatalf("%d calls: an image says only some of %s", p.plan.calls, described(i).name)
			}
		}
		sections = append(sections, c.sections...)
	}
	settled := true
	var wrong []string
	for i, s := range states {
		switch {
		case s == adding || s == removing:
			settled = false
		case s == present && shown[i] == 0:
			wrong = append(wrong, fmt.Sprintf("%s is missing", described(i).name))
		case s == absent && shown[i] != 0:
			wrong = append(wrong, fmt.Sprintf("%s is shown", described(i).name))
		}
	}
	if settled {
		for i, n := range shown {
			if n > 1 {
				wrong = append(wrong, fmt.Sprintf("%s is shown %d times", described(i).name, n))
			}
		}
		// lldb takes an address to be in one section.
		slices.SortFunc(sections, func(a, b extent) int { return int(int64(a.from - b.from)) })
		for i, s := range sections[min(1, len(sections)):] {
			if s.from < sections[i].to {
				wrong = append(wrong, fmt.Sprintf("section %#x to %#x overlaps %#x to %#x", s.from, s.to, sections[i].from, sections[i].to))
			}
		}
	}
	if len(wrong) != 0 {
		p.t.Fatalf("%d images, %d calls: %s", len(entries), p.plan.calls, strings.Join(wrong[:min(10, len(wrong))], "\n"))
	}
	return entries, walked
}

// A follower does what lldb does when it is told of an image: it notes where its
// sections start, and forgets what is there when the image goes.
type follower struct {
	reader   *reader
	sections map[uint64]section
}

type section struct {
	extent
	of contents
}

// attach reads the list.
func (f *follower) attach(p *process) {
	p.t.Helper()
	entries, _ := p.list()
	for _, e := range entries {
		f.note(f.reader.read(p.t, p.get(e.image, e.size)), true)
	}
}

// exact says whether nothing is noted that is not registered.
func (f *follower) exact(p *process) {
	p.t.Helper()
	for _, s := range f.sections {
		for _, i := range s.of.functions {
			if p.plan.states[i] != present {
				p.t.Fatalf("after %d calls: %s is noted", p.plan.calls, described(i).name)
			}
		}
	}
}

func (f *follower) note(c contents, comes bool) {
	for _, s := range c.sections {
		if comes {
			f.sections[s.from] = section{s, c}
		} else {
			delete(f.sections, s.from)
		}
	}
}

// told is what the hook is called for.
func (f *follower) told(p *process) {
	p.t.Helper()
	descriptor := p.get(p.plan.descriptor, descriptorSize)
	at := binary.LittleEndian.Uint64(descriptor[8:])
	bytes := p.get(at, entrySize)
	c := f.reader.read(p.t, p.get(binary.LittleEndian.Uint64(bytes[16:]), binary.LittleEndian.Uint64(bytes[24:])))
	f.note(c, binary.LittleEndian.Uint32(descriptor[4:]) == 1)
}

// check looks up the first and the last byte of each function that is present.
func (f *follower) check(p *process) {
	p.t.Helper()
	starts := slices.Sorted(maps.Keys(f.sections))
	find := func(address uint64) (section, bool) {
		after := sort.Search(len(starts), func(n int) bool { return starts[n] > address })
		if after == 0 {
			return section{}, false
		}
		s := f.sections[starts[after-1]]
		return s, address < s.to
	}
	for i, s := range p.plan.states {
		if s != present {
			continue
		}
		start := f.reader.address(i)
		for _, address := range []uint64{start, start + described(i).size - 1} {
			s, found := find(address)
			if _, in := slices.BinarySearch(s.of.functions, i); !found || !in {
				p.t.Fatalf("after %d calls: %s is not found at %#x, but %+v", p.plan.calls, described(i).name, address, s.extent)
			}
		}
	}
}
