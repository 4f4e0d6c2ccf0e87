package object

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
)

// loadedLimit is the size past which a loaded section is wrong: see the check of
// the same name in package symfile.
const loadedLimit = 1 << 40

// place decides what becomes of each section.
func (f *file) place(placements []Placement) error {
	for i := 1; i < len(f.headers); i++ {
		f.sections[i].fate = f.fateUnplaced(i)
	}
	names := f.candidates(placements)
	for n := range placements {
		p := &placements[n]
		i, err := f.find(p, names)
		if err != nil {
			return placementError(n, p, err.Error())
		}
		h := &f.headers[i]
		// DWARF that the caller loaded too is read from the image all the same,
		// and what is empty is nowhere.
		if h.flags()&flagAlloc == 0 || f.sections[i].fate == debug || p.Address == 0 && h.size() == 0 {
			continue
		}
		if p.Address == 0 {
			return placementError(n, p, "address is NULL: leave out what was not loaded")
		}
		if h.size() > loadedLimit || p.Address+h.size() < p.Address {
			return placementError(n, p, "address "+hex(p.Address)+" + sh_size "+hex(h.size())+" is more than a process can load")
		}
		s := &f.sections[i]
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

// checkUse checks that a debugger learns of something. Compilers leave .text
// empty where they put code elsewhere.
func (f *file) checkUse() error {
	code, forLinker := 0, 0
	for i := range f.sections {
		h := &f.headers[i]
		if bytes.HasPrefix(f.name(i), []byte(".gnu.lto_")) {
			forLinker = i
		}
		if h.size() == 0 || h.flags()&flagAlloc == 0 {
			continue
		}
		if f.sections[i].fate == loaded {
			return nil
		}
		if code == 0 && h.flags()&flagExec != 0 {
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

// fateUnplaced is what becomes of section i if it is not loaded.
func (f *file) fateUnplaced(i int) fate {
	h := &f.headers[i]
	name := f.name(i)
	switch t := h.typ(); {
	case t != sectionProgram && t != sectionUnwind:
		return dropped
	case string(name) == ".eh_frame":
		return frame
	case bytes.HasPrefix(name, []byte(".debug_")), bytes.HasPrefix(name, []byte(".zdebug_")):
		return debug
	}
	return dropped
}

// candidates are the sections that have a name which a placement asks for. Of
// the sections of one name those count that can be loaded, if there are any.
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
	for i := 1; i < len(f.headers); i++ {
		if f.headers[i].typ() == sectionNull {
			continue
		}
		have, wanted := names[string(f.name(i))]
		if !wanted {
			continue
		}
		if len(have) != 0 {
			old, new := f.headers[have[0]].flags()&flagAlloc, f.headers[i].flags()&flagAlloc
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
		if i >= len(f.headers) {
			return 0, bad("index is " + decimal(i) + ", there are " + decimal(len(f.headers)) + " sections")
		}
		if f.headers[i].typ() == sectionNull {
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

// checkOverlap checks that no two sections were loaded to the same place.
func (f *file) checkOverlap(placements []Placement) error {
	var order []int32
	for i := range f.sections {
		// A thread's variables have no address in the section's own place.
		thread := f.headers[i].flags()&flagThread != 0 && f.headers[i].typ() == sectionNoBits
		if f.sections[i].placed() && f.headers[i].size() != 0 && !thread {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Compare(f.sections[a].address, f.sections[b].address)
	})
	for n := 1; n < len(order); n++ {
		a, b := int(order[n-1]), int(order[n])
		if end := f.sections[a].address + f.headers[a].size(); end > f.sections[b].address {
			at := int(f.sections[b].placement)
			return placementError(at, &placements[at], f.describe(b)+" at "+hex(f.sections[b].address)+" overlaps "+
				f.describe(a)+", which ends at "+hex(end))
		}
	}
	return nil
}

// placed says whether it was loaded.
func (s *section) placed() bool {
	return s.fate == loaded || s.fate == frame && s.address != 0
}

func placementError(n int, p *Placement, text string) error {
	which := "sections[" + strconv.Itoa(n) + "]"
	if p.Name != nil {
		which += " (" + printable(p.Name) + ")"
	}
	return &Error{BadPlacement, which + ": " + text}
}
