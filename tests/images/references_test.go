// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package images

import (
	"fmt"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestDebuggersBearDepth: entries that lead to each other, or are in each other, as deep
// as is accepted, are not too deep for a debugger.
func TestDebuggersBearDepth(t *testing.T) {
	n := int(number("JITDEBUG_DEPTH", 990))
	var images []samples.Image
	add := func(name string, data []byte) {
		if err := symfile.Check(data); err != nil && n <= 990 {
			t.Errorf("%s: %v", name, err)
		}
		images = append(images, samples.Image{Name: name, Data: data})
	}
	for _, tag := range []uint64{samples.TagPointer, samples.TagTypedef, samples.TagConst, samples.TagArray, samples.TagSubroutine,
		samples.TagSubrange, samples.TagEnumeration, samples.TagReference} {
		add(fmt.Sprintf("chain-of-%#x", tag), samples.Chain(tag, samples.AttrType, n))
	}
	for _, attribute := range []uint64{samples.AttrOrigin, samples.AttrSpecification} {
		add(fmt.Sprintf("chain-by-%#x", attribute), samples.Chain(samples.TagSubprogram, attribute, n))
	}
	for _, tag := range []uint64{samples.TagBlock, samples.TagStructure, samples.TagNamespace, samples.TagSubprogram} {
		add(fmt.Sprintf("nested-%#x", tag), samples.Nested(tag, n))
	}
	add("held", samples.Held(n))
	for _, d := range []debugger{gdb, lldb} {
		for _, complaint := range d.show(t, images) {
			t.Error(complaint)
		}
	}
}
