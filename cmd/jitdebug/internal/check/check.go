// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package check says why debuggers show generated code as ??: a finding for each cause that
// can be seen from outside.
package check

import (
	"bytes"
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/list"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

// A Cause is a kind of finding.
type Cause string

// The causes. Their texts are for programs that read them, and stay.
const (
	PairHidden   Cause = "pair-hidden"        // another pair is in front
	PairStripped Cause = "pair-stripped"      // no symbol names it
	NoPair       Cause = "no-pair"            // generated code, and nothing by which a debugger could know it
	Unregistered Cause = "unregistered"       // generated code that no image describes
	ListVersion  Cause = "list-version"       //
	ListCycle    Cause = "list-cycle"         //
	ListPointer  Cause = "list-pointer"       //
	ListPrevious Cause = "list-prev-entry"    //
	ListAction   Cause = "list-action"        //
	ImageGone    Cause = "image-unreadable"   //
	ImageSize    Cause = "image-size"         //
	ImageBroken  Cause = "image-broken"       //
	AddressZero  Cause = "address-zero"       //
	Absolute     Cause = "symbols-absolute"   // values in ET_REL that should count from the section
	Outside      Cause = "symbols-outside"    // of every section
	Nameless     Cause = "no-symbols"         //
	Overlapping  Cause = "overlap"            //
	Covering     Cause = "cover"              // one .text over others' code
	NoFrames     Cause = "no-frames"          //
	LinesLost    Cause = "lines-without-unit" //
	CodeGone     Cause = "code-gone"          //
	CodeChanged  Cause = "code-changed"       //
)

// A Finding is one reason for ??.
type Finding struct {
	Cause   Cause  `json:"cause"`
	Where   string `json:"where"`             // the pair, entry or place
	Address uint64 `json:"address,omitempty"` // of it
	What    string `json:"what"`              // a sentence
	Do      string `json:"do"`                // what to do
}

// What to do about each.
var remedies = map[Cause]string{
	PairHidden:   "register this code with the runtime whose pair is read, or use libjitdebug for all of them and keep libjitdebug-local.so.1 beside it",
	PairStripped: "keep the two symbols: strip --keep-symbol=__jit_debug_descriptor --keep-symbol=__jit_debug_register_code, or export them",
	NoPair:       "register the code (jitdebug_register_functions), or switch the runtime's own support for gdb on",
	Unregistered: "register the code before it runs, and unregister it only when it no longer can; see the status of the registration and jitdebug_last_error()",
	ListVersion:  "write 1, or find out who else writes there",
	ListCycle:    "two runtimes share one descriptor and not its lock, or an entry is linked twice: let libjitdebug own the list",
	ListPointer:  "unlink an entry before it is freed, under one lock",
	ListPrevious: "set prev_entry under the lock that guards the list: whoever unlinks by it loses entries",
	ListAction:   "set relevant_entry before action_flag, both under the list's lock",
	ImageGone:    "unregister an image before its memory is freed",
	ImageSize:    "symfile_size is the size of the image in bytes",
	ImageBroken:  "hand over a whole ELF file; readelf -a on what jitdebug dump writes shows the rest",
	AddressZero:  "write into sh_addr where the code was loaded, or use jitdebug_register_object, which does it",
	Absolute:     "in ET_REL, st_value counts from the start of the section",
	Outside:      "in ET_EXEC and ET_DYN, st_value is the address in the process",
	Nameless:     "give the image symbols or debug information: jitdebug_register_functions writes both",
	Overlapping:  "unregister what was there before other code is put in its place",
	Covering:     "give the image a section for each of its functions, or use jitdebug_register_functions",
	NoFrames:     "add call frame information (JITDEBUG_UNWIND_CFI, .debug_frame), or keep the frame pointer (JITDEBUG_UNWIND_FRAME_POINTER)",
	LinesLost:    "add a .debug_info whose unit has DW_AT_stmt_list",
	CodeGone:     "unregister code before its memory is given back, and register it at the address at which it runs",
	CodeChanged:  "unregister before code is moved or written over, and register it anew",
}

func finding(cause Cause, where string, address uint64, what string, arguments ...any) Finding {
	return Finding{cause, where, address, fmt.Sprintf(what, arguments...), remedies[cause]}
}

// All returns every finding about a view. done is called now and then with how many of the
// images have been looked at.
func All(v *view.View, done func(images, of int)) []Finding {
	var all []Finding
	for i := range v.Pairs {
		all = append(all, ofPair(v, &v.Pairs[i])...)
	}
	all = append(all, ofImages(v, done)...)
	all = append(all, ofOverlaps(v)...)
	return append(all, ofCode(v)...)
}

func ofPair(v *view.View, p *view.Pair) (all []Finding) {
	l := p.List
	where := fmt.Sprintf("list of %s", p.Module.Name())
	if len(l.Entries) > 0 {
		images := plural(len(l.Entries), "image")
		switch {
		case p.Table == "" || p.Hook == 0:
			all = append(all, finding(PairStripped, where, p.Descriptor, "%s, with %s, is invisible to debuggers: %s", where, images, p.GDB.Why))
		case !p.GDB.Reads && !p.LLDB.Reads:
			all = append(all, finding(PairHidden, where, p.Descriptor, "gdb and lldb do not see the %s of %s: gdb, for %s; lldb, for %s", images, p.Module.Name(), p.GDB.Why, p.LLDB.Why))
		case !p.GDB.Reads:
			all = append(all, finding(PairHidden, where, p.Descriptor, "gdb does not see the %s of %s: %s", images, p.Module.Name(), p.GDB.Why))
		case !p.LLDB.Reads:
			all = append(all, finding(PairHidden, where, p.Descriptor, "lldb does not see the %s of %s: %s", images, p.Module.Name(), p.LLDB.Why))
		}
	}
	causes := map[list.Kind]Cause{
		list.Unreadable: ListPointer, list.Version: ListVersion, list.Cycle: ListCycle, list.Wild: ListPointer,
		list.Previous: ListPrevious, list.Action: ListAction, list.ImageGone: ImageGone, list.TooMuch: ImageSize,
	}
	for _, f := range l.Faults {
		address := p.Descriptor
		if f.Entry >= 0 && f.Entry < len(l.Entries) {
			address = l.Entries[f.Entry].Address
		}
		all = append(all, finding(causes[f.Kind], where, address, "%s: %s", where, f.Text))
	}
	return all
}

// ofImages looks at all images, on all processors.
func ofImages(v *view.View, done func(images, of int)) (all []Finding) {
	images := v.Images()
	found := make([][]Finding, len(images))
	const share = 64
	var next, ready int
	var lock sync.Mutex
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				lock.Lock()
				from := next
				next += share
				if ready += share; done != nil && from < len(images) {
					done(from, len(images))
				}
				lock.Unlock()
				if from >= len(images) {
					return
				}
				for i := from; i < min(from+share, len(images)); i++ {
					found[i] = ofImage(v, images[i])
				}
			}
		})
	}
	group.Wait()
	for _, some := range found {
		all = append(all, some...)
	}
	return all
}

// Name is an image for people.
func Name(im *view.Image) string {
	return fmt.Sprintf("image %d of %s", im.Entry, im.Pair.Module.Name())
}

func ofImage(v *view.View, im *view.Image) (all []Finding) {
	if im.Bytes == nil {
		return nil // the list says so
	}
	add := func(cause Cause, what string, arguments ...any) {
		all = append(all, finding(cause, Name(im), im.Address, "%s: %s", Name(im), fmt.Sprintf(what, arguments...)))
	}
	if im.Err != nil {
		add(ImageBroken, "no debugger can read it: %v", im.Err)
		return all
	}
	if err := image.Check(im.Bytes); err != nil {
		add(ImageBroken, "a debugger stumbles over it: %v", err)
	}
	code := 0
	for _, s := range im.Sections {
		if !s.Code {
			continue
		}
		code++
		if s.Start < lowest {
			add(AddressZero, "section %d (%s) says that its code is at %#x, where no code can be", s.Index, s.Name, s.Start)
		}
	}
	functions := im.Functions()
	all = append(all, ofSymbols(im, functions)...)
	switch {
	case code > 0 && len(functions) == 0 && len(all) == 0:
		add(Nameless, "it has code, and neither a symbol nor debug information names it")
	case code == 0 && len(im.Sections) == 0:
		add(AddressZero, "it has no section that is loaded (SHF_ALLOC), so it is of no address")
	}
	if im.LinesWithoutUnit() {
		add(LinesLost, "it has a line table (.debug_line), and no unit of .debug_info refers to it: no line is shown")
	}
	return append(all, ofFunctions(v, im, functions)...)
}

// lowest is the lowest address at which the kernel lets code be, by default.
const lowest = 0x1000

// ofSymbols looks at values that cannot be right. Some compilers' symbols are all wrong, and
// their debug information is right: then code has its names by that.
func ofSymbols(im *view.Image, functions []image.Function) (all []Finding) {
	absolute, outside := im.Misplaced()
	if n := len(absolute); n > 0 {
		all = append(all, finding(Absolute, Name(im), im.Address, "%s is ET_REL, and the %s of %s %s absolute: debuggers add the section's address to %s",
			Name(im), noun(n, "value"), some(absolute), verb(n, "is", "are"), verb(n, "it", "each")))
	}
	if n := len(outside); n > 0 && len(functions) == 0 {
		all = append(all, finding(Outside, Name(im), im.Address, "%s: the %s of %s %s outside of every section of the image", Name(im), noun(n, "value"), some(outside), verb(n, "is", "are")))
	}
	return all
}

func ofOverlaps(v *view.View) (all []Finding) {
	for _, o := range v.Overlaps() {
		a, b := o.A, o.B
		fa, fb := a.Between(o.Start, o.End), b.Between(o.Start, o.End)
		where := Name(b)
		switch {
		case len(fa) > 0 && len(fb) > 0 && meet(fa, fb):
			all = append(all, finding(Overlapping, where, o.Start, "%s and %s both describe %#x to %#x (%s, %s): a debugger shows either name", Name(a), Name(b), o.Start, o.End, some(names(fa)), some(names(fb))))
		case len(fa) == 0 && len(fb) == 0:
			all = append(all, finding(Covering, where, o.Start, "sections of %s and of %s overlap from %#x to %#x", Name(a), Name(b), o.Start, o.End))
		default:
			if len(fa) > len(fb) {
				a, b, fa, fb = b, a, fb, fa
			}
			all = append(all, finding(Covering, where, o.Start, "a section of %s reaches over the code of %s, %#x to %#x (%s): a debugger looks for that in the wrong image", Name(a), Name(b), o.Start, o.End, some(names(fb))))
		}
	}
	return all
}

func meet(a, b []image.Function) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if a[i].Start < b[j].End && b[j].Start < a[i].End {
			return true
		}
		if a[i].End <= b[j].End {
			i++
		} else {
			j++
		}
	}
	return false
}

// ofCode looks for code that nothing describes.
func ofCode(v *view.View) (all []Finding) {
	registered := false
	for i := range v.Pairs {
		registered = registered || len(v.Pairs[i].List.Entries) > 0
	}
	cause, why := Unregistered, "it was never registered, not yet, or no longer"
	if len(v.Pairs) == 0 {
		cause, why = NoPair, "no module has the symbols __jit_debug_descriptor and __jit_debug_register_code, by which debuggers find generated code (or one is stripped of them)"
	}
	told := map[uint64]bool{} // mappings
	for _, t := range v.Target.Threads() {
		for _, address := range v.Mentions(t) {
			m := v.Target.Mapping(address)
			if v.Covered(address, address+1) || m == nil || told[m.Start] {
				continue
			}
			told[m.Start] = true
			all = append(all, finding(cause, fmt.Sprintf("thread %d", t.ID), address, "thread %d is in generated code at %#x, which no image describes: %s", t.ID, address, why))
		}
	}
	for _, m := range v.Generated() {
		if told[m.Start] || v.Covered(m.Start, m.End) || registered && small(m.End-m.Start) || empty(v, m.Start, m.End) {
			continue
		}
		told[m.Start] = true
		all = append(all, finding(cause, "memory", m.Start, "there is generated code at %#x to %#x (%s), which no image describes: %s", m.Start, m.End, kib(m.End-m.Start), why))
	}
	return all
}

// small says that code is so little that it can be the stubs of a runtime, which need no name.
func small(size uint64) bool { return size <= 64<<10 }

// closure is what libffi writes for each callback: lea -11(%rip), %r10. Its pages are in every
// Python that has loaded ctypes.
var closure = []byte{0x4c, 0x8d, 0x15, 0xf5, 0xff, 0xff, 0xff}

// empty says that memory holds no code that has a name: none at all, or libffi's.
func empty(v *view.View, start, end uint64) bool {
	const most = 16 << 20
	b, err := v.Target.Bytes(start, min(end-start, most))
	if err != nil {
		return true
	}
	if small(end-start) && bytes.Contains(b, closure) {
		return true
	}
	return len(bytes.Trim(b, "\x00")) == 0
}

// Sorted puts findings of one cause together, the first ones in front.
func Sorted(all []Finding) []Finding {
	first := map[Cause]int{}
	for i, f := range all {
		if _, there := first[f.Cause]; !there {
			first[f.Cause] = i
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return first[all[i].Cause] < first[all[j].Cause] })
	return all
}

func plural(n int, word string) string { return fmt.Sprintf("%d %s", n, noun(n, word)) }

func noun(n int, word string) string { return word + verb(n, "", "s") }

func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func kib(size uint64) string { return fmt.Sprintf("%d KiB", (size+1023)/1024) }

// some are the first of many names.
func some(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func names(functions []image.Function) (all []string) {
	for i := range functions {
		all = append(all, functions[i].Name)
	}
	return all
}
