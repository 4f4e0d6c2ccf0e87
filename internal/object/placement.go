// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// loadedLimit is the size past which a loaded section's sh_size is wrong, the same as
// in package symfile, which says why.
const loadedLimit = 1 << 40

// plan decides what becomes of each section.
func (f *file) plan(placements []Placement) error {
	for i := 1; i < len(f.Sections); i++ {
		f.plans[i].fate = f.fateUnloaded(i)
	}
	names := f.candidates(placements)
	for n := range placements {
		p := &placements[n]
		i, err := f.find(p, names)
		if err != nil {
			return placementError(n, p, err.Error())
		}
		h := &f.Sections[i]
		// What no program loads is passed over, and so is DWARF that the caller has
		// loaded: a debugger reads it from the image. Nor does it matter where an
		// empty section would be.
		if h.Flags&elf.SHF_ALLOC == 0 || f.plans[i].fate == debug || p.Address == 0 && h.Size == 0 {
			continue
		}
		if p.Address == 0 {
			return placementError(n, p, "address is NULL: leave out what was not loaded")
		}
		if h.Size > loadedLimit || p.Address+h.Size < p.Address {
			return placementError(n, p, "address "+hex(p.Address)+" + sh_size "+hex(h.Size)+" is more than a process can load")
		}
		s := &f.plans[i]
		if s.address != 0 {
			return placementError(n, p, f.describe(i)+" was placed by sections["+strconv.Itoa(int(s.placement))+"] already")
		}
		s.address, s.placement = p.Address, int32(n)
		if s.fate != frame {
			s.fate = loaded
		}
	}
	if err := f.checkUse(); err != nil {
		return err
	}
	return f.checkOverlap(placements)
}

// checkUse checks that, if there is code in the object, some code or data was loaded
// that is not empty. The caller may have named .text alone, which compilers leave
// empty when they write a section for each function.
func (f *file) checkUse() error {
	code, forLinker := 0, 0
	for i := range f.plans {
		h := &f.Sections[i]
		if bytes.HasPrefix(f.name(i), []byte(".gnu.lto_")) {
			forLinker = i
		}
		if h.Size == 0 || h.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		if f.plans[i].fate == loaded {
			return nil
		}
		if code == 0 && h.Flags&elf.SHF_EXECINSTR != 0 {
			code = i
		}
	}
	if code == 0 && forLinker != 0 {
		return f.sectionError(BadObject, forLinker, "there is no code in the object until it is linked: compile it without -flto, or with -ffat-lto-objects")
	}
	if code == 0 {
		return nil
	}
	return &Error{BadPlacement, "sections: none of them is code or data that is loaded, or they are empty; code is in " + f.describe(code)}
}

// fateUnloaded is what becomes of section i if it was not loaded.
func (f *file) fateUnloaded(i int) fate {
	h := &f.Sections[i]
	name := f.name(i)
	switch t := h.Type; {
	case t != elf.SHT_PROGBITS && t != elf.SHT_X86_64_UNWIND:
		return dropped
	case string(name) == ".eh_frame":
		return frame
	case string(name) == ".debug_names": // an index, which would be wrong about code that was not loaded
		return dropped
	case bytes.HasPrefix(name, []byte(".debug_")), bytes.HasPrefix(name, []byte(".zdebug_")):
		return debug
	}
	return dropped
}

// candidates are the sections for each name by which a placement asks for one. If some
// of the sections of a name are SHF_ALLOC, only these are candidates.
func (f *file) candidates(placements []Placement) map[string][]int {
	names := map[string][]int{}
	for n := range placements {
		if p := &placements[n]; p.Index == 0 {
			names[string(p.Name)] = nil
		}
	}
	if len(names) == 0 {
		return nil
	}
	for i := 1; i < len(f.Sections); i++ {
		if f.Sections[i].Type == elf.SHT_NULL {
			continue
		}
		have, wanted := names[string(f.name(i))]
		if !wanted {
			continue
		}
		if len(have) != 0 {
			old, new := f.Sections[have[0]].Flags&elf.SHF_ALLOC, f.Sections[i].Flags&elf.SHF_ALLOC
			if new < old {
				continue
			}
			if new > old {
				have = nil
			}
		}
		names[string(f.name(i))] = append(have, i)
	}
	return names
}

// find is the section that a placement is about.
func (f *file) find(p *Placement, names map[string][]int) (int, error) {
	if p.Index != 0 {
		i := int(p.Index)
		if i >= len(f.Sections) {
			return 0, bad("index is " + decimal(i) + ", there are " + decimal(len(f.Sections)) + " sections")
		}
		if f.Sections[i].Type == elf.SHT_NULL {
			return 0, bad("index is " + decimal(i) + ", an unused section header (SHT_NULL)")
		}
		if p.Name != nil && !bytes.Equal(p.Name, f.name(i)) {
			return 0, bad("index is " + decimal(i) + ", and the name of that section is " + printable(f.name(i)))
		}
		return i, nil
	}
	if p.Name == nil {
		return 0, bad("index is 0 and name is NULL")
	}
	have := names[string(p.Name)]
	switch len(have) {
	case 0:
		return 0, bad("the object has no section of this name")
	case 1:
		return have[0], nil
	}
	const most = 8 // in an error text
	text := "the object has " + decimal(len(have)) + " sections of this name, tell them apart by index:"
	for _, i := range have[:min(len(have), most)] {
		text += " " + strconv.Itoa(i)
	}
	if len(have) > most {
		text += " ..."
	}
	return 0, bad(text)
}

// checkOverlap checks that no two sections were loaded over each other.
func (f *file) checkOverlap(placements []Placement) error {
	var order []int32
	for i := range f.plans {
		// A .tbss takes no memory at its address: each thread has its variables
		// elsewhere.
		thread := f.Sections[i].Flags&elf.SHF_TLS != 0 && f.Sections[i].Type == elf.SHT_NOBITS
		if f.plans[i].isLoaded() && f.Sections[i].Size != 0 && !thread {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Compare(f.plans[a].address, f.plans[b].address)
	})
	for n := 1; n < len(order); n++ {
		a, b := int(order[n-1]), int(order[n])
		if end := f.plans[a].address + f.Sections[a].Size; end > f.plans[b].address {
			n := int(f.plans[b].placement)
			return placementError(n, &placements[n], f.describe(b)+" at "+hex(f.plans[b].address)+" overlaps "+
				f.describe(a)+", which ends at "+hex(end))
		}
	}
	return nil
}

// isLoaded says whether the section was loaded.
func (s *plan) isLoaded() bool {
	return s.fate == loaded || s.fate == frame && s.address != 0
}

func placementError(n int, p *Placement, text string) error {
	which := "sections[" + strconv.Itoa(n) + "]"
	if p.Name != nil {
		which += " (" + printable(p.Name) + ")"
	}
	return &Error{BadPlacement, which + ": " + text}
}
