// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package check

import (
	"fmt"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

// A Place is what a debugger can know about one address.
type Place struct {
	Address  uint64
	Memory   string
	Image    *view.Image // nil: none
	Section  *image.Section
	Function *image.Function
	Line     *image.Row
	Frame    *image.Frame
	Unwinds  string // how, for people
	Findings []Finding
}

// At explains an address.
func At(v *view.View, address uint64) Place {
	p := Place{Address: address}
	where := fmt.Sprintf("%#x", address)
	add := func(cause Cause, what string, arguments ...any) {
		p.Findings = append(p.Findings, finding(cause, where, address, what, arguments...))
	}
	m := v.Target.Mapping(address)
	switch {
	case m == nil:
		p.Memory = "nothing is mapped there"
	case m.Path != "":
		p.Memory = fmt.Sprintf("%#x to %#x, %s, of %s", m.Start, m.End, access(m.Read, m.Write, m.Execute), m.Path)
	default:
		p.Memory = fmt.Sprintf("%#x to %#x, %s, of no file", m.Start, m.End, access(m.Read, m.Write, m.Execute))
	}
	images := v.At(address)
	if len(images) == 0 {
		switch module := v.Module(address); {
		case module != nil:
			p.Memory += ": it is not generated; debuggers take its name from that file"
		case m == nil:
			add(CodeGone, "nothing is mapped at %#x, and no image describes it: its code was given back and unregistered, or this is no address of code", address)
		case len(v.Pairs) == 0:
			add(NoPair, "no module has the two symbols by which debuggers find generated code, so %#x is ??", address)
		default:
			add(Unregistered, "no image describes %#x: its code was never registered, not yet, or no longer", address)
		}
		return p
	}
	p.Image = images[0]
	for _, im := range images { // one with a name is what debuggers come to show
		if im.Function(address) != nil {
			p.Image = im
			break
		}
	}
	im := p.Image
	p.Section, p.Function = im.Section(address), im.Function(address)
	p.Line, p.Frame = im.Line(address), im.Frame(address)
	p.Findings = append(p.Findings, ofPair(v, im.Pair)...)
	p.Findings = append(p.Findings, ofImage(v, im)...)
	for _, o := range ofOverlaps(v) {
		if o.Address <= address && (o.Address == address || len(images) > 1) {
			p.Findings = append(p.Findings, o)
			break
		}
	}
	if p.Function == nil {
		add(Nameless, "%s has %s at %#x, and no symbol or function that reaches there: debuggers show ??, or the name in front", Name(im), p.Section.Name, address)
	}
	if m == nil || !m.Execute && v.Target.Live {
		add(CodeGone, "the memory at %#x is not code (any more)", address)
	}
	p.Unwinds = unwinds(v, &p)
	return p
}

// unwinds says how a debugger gets to the caller.
func unwinds(v *view.View, p *Place) string {
	if f := p.Frame; f != nil {
		return fmt.Sprintf("%s, %#x to %#x", f.Section, f.Start, f.End)
	}
	if p.Function == nil {
		return "none"
	}
	code, err := v.Target.Bytes(p.Function.Start, min(p.Function.End-p.Function.Start, codeLimit))
	switch {
	case err != nil:
		return "none, and the code cannot be read"
	case NeedsFrame(v.Target.Machine, code):
		return "none, and the code keeps no frame pointer"
	}
	return "none, and none is needed: the code keeps the frame pointer, or leaves the stack alone"
}

func access(read, write, execute bool) string {
	text := []byte("---")
	for i, has := range []bool{read, write, execute} {
		if has {
			text[i] = "rwx"[i]
		}
	}
	return string(text)
}
