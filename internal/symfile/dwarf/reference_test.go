// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestCircles: what debuggers follow for ever is refused, in one unit and across units,
// and what types of real programs do is not.
func TestCircles(t *testing.T) {
	const circle, fine = "back to", ""
	type c struct {
		name    string
		want    string
		entries []samples.Entry
	}
	cases := []c{
		{"a member of the class itself", circle, []samples.Entry{{Tag: samples.TagStructure}, {Tag: samples.TagMember, Attribute: samples.AttrType, Depth: 1}}},
		{"a base that is the class itself", circle, []samples.Entry{{Tag: samples.TagClass}, {Tag: samples.TagInheritance, Attribute: samples.AttrType, Depth: 1}}},
		{"a class that holds another that holds it", circle, []samples.Entry{
			{Tag: samples.TagStructure}, {Tag: samples.TagMember, Attribute: samples.AttrType, To: 2, Depth: 1},
			{Tag: samples.TagUnion}, {Tag: samples.TagMember, Attribute: samples.AttrType, To: 4, Depth: 1},
			{Tag: samples.TagTypedef, Attribute: samples.AttrType, To: 5}, {Tag: samples.TagArray, Attribute: samples.AttrType, To: 0}}},
		{"a list", fine, []samples.Entry{{Tag: samples.TagStructure}, {Tag: samples.TagMember, Attribute: samples.AttrType, To: 2, Depth: 1}, {Tag: samples.TagPointer, Attribute: samples.AttrType}}},
		{"a class in a class that points back", fine, []samples.Entry{
			{Tag: samples.TagStructure}, {Tag: samples.TagStructure, Depth: 1}, {Tag: samples.TagMember, Attribute: samples.AttrType, To: 4, Depth: 2},
			{Tag: samples.TagMember, Attribute: samples.AttrType, To: 1, Depth: 1}, {Tag: samples.TagPointer, Attribute: samples.AttrType}}},
		{"a function that takes itself", fine, []samples.Entry{{Tag: samples.TagTypedef, Attribute: samples.AttrType, To: 1}, {Tag: samples.TagSubroutine}, {Tag: samples.TagParameter, Attribute: samples.AttrType, Depth: 1}}},
		{"a function that returns itself", circle, []samples.Entry{{Tag: samples.TagSubroutine, Attribute: samples.AttrType, To: 1}, {Tag: samples.TagPointer, Attribute: samples.AttrType}}},
		{"an array of as many as it has", "which is no type of an index", []samples.Entry{{Tag: samples.TagArray}, {Tag: samples.TagSubrange, Attribute: samples.AttrType, To: 0, Depth: 1}}},
		{"the table of virtual functions from the class itself", fine, []samples.Entry{{Tag: samples.TagClass, Attribute: samples.AttrContainingType}}},
		{"a variable as a type", "which is no type", []samples.Entry{{Tag: samples.TagVariable, Attribute: samples.AttrType, To: 1}, {Tag: samples.TagVariable}}},
		{"children of a base type", "and it has children", []samples.Entry{{Tag: samples.TagBase}, {Tag: samples.TagVariable, Depth: 1}}},
		{"a pointer to a member of nothing", "without a DW_AT_containing_type", []samples.Entry{{Tag: samples.TagMemberPointer, Attribute: samples.AttrType, To: 1}, {Tag: samples.TagBase}}},
		{"an index of a class", "which is no type of an index", []samples.Entry{{Tag: samples.TagSubrange, Attribute: samples.AttrType, To: 1}, {Tag: samples.TagTypedef, Attribute: samples.AttrType, To: 2}, {Tag: samples.TagClass}}},
		{"a base that is no class", "another name of what is no class", []samples.Entry{{Tag: samples.TagClass}, {Tag: samples.TagInheritance, Attribute: samples.AttrType, To: 2, Depth: 1}, {Tag: samples.TagTypedef, Attribute: samples.AttrType, To: 3}, {Tag: samples.TagBase}}},
		{"a unit that imports itself", circle, []samples.Entry{{Tag: samples.TagImportedUnit, Attribute: samples.AttrImport, To: -1}}},
		{"units that import each other", circle, []samples.Entry{{Tag: samples.TagImportedUnit, Attribute: samples.AttrImport, To: -2}, {Tag: samples.TagImportedUnit, Attribute: samples.AttrImport, To: -1, Unit: 1}}},
		{"a unit that imports another twice", fine, []samples.Entry{{Tag: samples.TagImportedUnit, Attribute: samples.AttrImport, To: -2}, {Tag: samples.TagImportedUnit, Attribute: samples.AttrImport, To: -2}, {Tag: samples.TagBase, Unit: 1}}},
		{"an import of what is no unit", "which it imports as a unit", []samples.Entry{{Tag: samples.TagImportedUnit, Attribute: samples.AttrImport, To: 1}, {Tag: samples.TagBase}}},
		{"a unit as a type", "a unit's own entry", []samples.Entry{{Tag: samples.TagPointer, Attribute: samples.AttrType, To: -2}, {Tag: samples.TagBase, Unit: 1}}},
	}
	for _, tag := range []uint64{samples.TagPointer, samples.TagReference, samples.TagRvalue, samples.TagTypedef, samples.TagConst, samples.TagVolatile, samples.TagRestrict, samples.TagAtomic, samples.TagArray,
		samples.TagSubroutine, samples.TagEnumeration, samples.TagSubrange} {
		cases = append(cases, c{"itself", circle, []samples.Entry{{Tag: tag, Attribute: samples.AttrType}}},
			c{"each other", circle, []samples.Entry{{Tag: tag, Attribute: samples.AttrType, To: 1}, {Tag: samples.TagConst, Attribute: samples.AttrType}}},
			c{"each other across units", circle, []samples.Entry{{Tag: tag, Attribute: samples.AttrType, To: 1}, {Tag: samples.TagTypedef, Attribute: samples.AttrType, Unit: 1}}})
	}
	for _, attribute := range []uint64{samples.AttrOrigin, samples.AttrSpecification, samples.AttrExtension} {
		cases = append(cases, c{"across units", circle, []samples.Entry{{Tag: samples.TagSubprogram, Attribute: attribute, To: 1}, {Tag: samples.TagSubprogram, Attribute: attribute, Unit: 1}}})
	}
	for _, c := range cases {
		err := check(t, samples.Referring(c.entries...))
		if c.want == fine && err != nil || c.want != fine && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, tag %#x attribute %#x: %v", c.name, c.entries[0].Tag, c.entries[0].Attribute, err)
		}
	}
}

// TestDepth: as deep as debuggers bear is accepted, and no deeper.
func TestDepth(t *testing.T) {
	for _, c := range []struct {
		name string
		of   func(n int) []byte
	}{
		{"pointers", func(n int) []byte { return samples.Chain(samples.TagPointer, samples.AttrType, n-1) }},
		{"typedefs", func(n int) []byte { return samples.Chain(samples.TagTypedef, samples.AttrType, n-1) }},
		{"specifications", func(n int) []byte { return samples.Chain(samples.TagSubprogram, samples.AttrSpecification, n) }},
		{"blocks", func(n int) []byte { return samples.Nested(samples.TagBlock, n-1) }},
		{"structures in each other", func(n int) []byte { return samples.Nested(samples.TagStructure, n-1) }},
		{"structures of each other", func(n int) []byte { return samples.Held(n - 1) }},
	} {
		if err := check(t, c.of(mostNested-10)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := check(t, c.of(mostNested+10)); err == nil {
			t.Errorf("%s: too many are accepted", c.name)
		}
	}
}
