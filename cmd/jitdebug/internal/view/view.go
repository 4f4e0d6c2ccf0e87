// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package view is a target's generated code as it was at one moment: its pairs, their lists,
// and the images on those.
package view

import (
	"sort"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/list"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/module"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/pair"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/target"
)

// A View is what there is to see.
type View struct {
	Target  *target.Target
	Modules []module.Module
	Pairs   []Pair
	Whole   bool // all of it is of one moment

	ranges []placed
	ends   []uint64 // the highest end of the ranges up to each
}

// A Pair is one with its list.
type Pair struct {
	pair.Pair
	List   *list.List
	Images []Image // one for each entry
}

// An Image is one of a list.
type Image struct {
	*image.Image
	Pair  *Pair
	Entry int
	Err   error // it is no image that can be read
}

type placed struct {
	image.Section
	image *Image
}

// Look reads a target.
func Look(t *target.Target) (*View, error) {
	v := &View{Target: t, Modules: module.Find(t)}
	var addresses []uint64
	pairs := pair.Find(t, v.Modules)
	for _, p := range pairs {
		if p.Descriptor != 0 {
			addresses = append(addresses, p.Descriptor)
		}
	}
	lists, whole, err := list.ReadAll(t, addresses)
	if err != nil {
		return nil, err
	}
	v.Whole = whole
	v.Pairs = make([]Pair, len(pairs))
	for i := range pairs {
		p := &v.Pairs[i]
		p.Pair, p.List = pairs[i], &list.List{}
		if p.Descriptor != 0 {
			p.List, lists = lists[0], lists[1:]
		}
		p.Images = make([]Image, len(p.List.Entries))
		for n := range p.List.Entries {
			e := &p.List.Entries[n]
			read, err := image.New(e.Image, e.Bytes)
			p.Images[n] = Image{Image: read, Pair: p, Entry: n, Err: err}
		}
	}
	v.place()
	return v, nil
}

// place sorts the sections of all images by their addresses.
func (v *View) place() {
	for i := range v.Pairs {
		for n := range v.Pairs[i].Images {
			im := &v.Pairs[i].Images[n]
			for _, s := range im.Sections {
				v.ranges = append(v.ranges, placed{s, im})
			}
		}
	}
	sort.SliceStable(v.ranges, func(i, j int) bool { return v.ranges[i].Start < v.ranges[j].Start })
	v.ends = make([]uint64, len(v.ranges))
	for i := range v.ranges {
		v.ends[i] = v.ranges[i].End
		if i > 0 {
			v.ends[i] = max(v.ends[i], v.ends[i-1])
		}
	}
}

// Images are those of all pairs, in their order.
func (v *View) Images() (all []*Image) {
	for i := range v.Pairs {
		for n := range v.Pairs[i].Images {
			all = append(all, &v.Pairs[i].Images[n])
		}
	}
	return all
}

// At returns the images that have a section at an address, those with code first, else in the
// order of their lists.
func (v *View) At(address uint64) (found []*Image) {
	seen := map[*Image]bool{}
	for _, code := range []bool{true, false} {
		var some []*Image
		i := sort.Search(len(v.ranges), func(i int) bool { return v.ranges[i].Start > address })
		for i--; i >= 0 && v.ends[i] > address; i-- {
			if r := &v.ranges[i]; r.End > address && r.Code == code && !seen[r.image] {
				seen[r.image] = true
				some = append(some, r.image)
			}
		}
		sort.SliceStable(some, func(i, j int) bool { return some[i].Entry < some[j].Entry })
		found = append(found, some...)
	}
	return found
}

// Covered says that an image has code in a range of addresses.
func (v *View) Covered(start, end uint64) bool {
	i := sort.Search(len(v.ranges), func(i int) bool { return v.ranges[i].Start >= end })
	for i--; i >= 0 && v.ends[i] > start; i-- {
		if r := &v.ranges[i]; r.End > start && r.Code {
			return true
		}
	}
	return false
}

// An Overlap is a range of code that two images claim.
type Overlap struct {
	A, B       *Image
	Start, End uint64
}

// Overlaps returns where sections of code of different images overlap.
func (v *View) Overlaps() (all []Overlap) {
	var last *placed
	for i := range v.ranges {
		r := &v.ranges[i]
		if !r.Code {
			continue
		}
		if last != nil && r.Start < last.End && r.image != last.image {
			all = append(all, Overlap{last.image, r.image, r.Start, min(r.End, last.End)})
		}
		if last == nil || r.End > last.End {
			last = r
		}
	}
	return all
}

// Module returns the module that an address is in, or nil.
func (v *View) Module(address uint64) *module.Module {
	for i := range v.Modules {
		if m := &v.Modules[i]; m.Start <= address && address < m.End {
			return m
		}
	}
	return nil
}

// Generated are the mappings of code that is of no module.
func (v *View) Generated() (all []target.Mapping) {
	for i := range v.Target.Mappings {
		m := v.Target.Mappings[i]
		switch {
		case !m.Execute, m.Path == "[vdso]", m.Path == "[vsyscall]", m.Path == "[uprobes]", m.Start >= 1<<63:
		case v.Module(m.Start) != nil:
		case !v.Target.Live && v.vdso(m.Start):
		default:
			all = append(all, m)
		}
	}
	return all
}

// vdso says that a mapping of a core is the kernel's: cores have no name for it.
func (v *View) vdso(start uint64) bool { return v.Target.Auxiliary(target.AuxiliaryVDSO) == start }

// Mentions are the places in generated code that a thread comes back to, as far as its stack
// shows without a debugger: its program counter, and what could be return addresses.
func (v *View) Mentions(t target.Thread) (all []uint64) {
	if !t.Known {
		return nil
	}
	generated := v.Generated()
	in := func(address uint64) bool {
		for i := range generated {
			if generated[i].Start <= address && address < generated[i].End {
				return true
			}
		}
		return false
	}
	if in(t.PC) {
		all = append(all, t.PC)
	}
	if len(generated) == 0 || t.Stack%8 != 0 {
		return all
	}
	stack, err := v.Target.Bytes(t.Stack, v.Target.Readable(t.Stack, stackLimit)&^7)
	if err != nil {
		return all
	}
	for ; len(stack) >= 8; stack = stack[8:] {
		if address := le.Uint64(stack); in(address) && v.returns(address) {
			all = append(all, address)
		}
	}
	return all
}
