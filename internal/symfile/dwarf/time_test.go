// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// Shared sections that units refer to again and again. Each is made of size bytes, about.
var shared = []struct {
	name    string
	refused bool
	of      func(size int) []byte
}{
	{"one abbreviation of thousands of flags", false, func(size int) []byte {
		abbrevs := []byte{1, 0x11, 1, 0x13, 0x0b, 0, 0, 2, 0x24, 0}
		for range size / 4 {
			abbrevs = append(abbrevs, 0x3f, 0x19) // DW_AT_external, DW_FORM_flag_present
		}
		abbrevs = append(abbrevs, 0, 0, 0)
		info := append(unitHeader(0), 1, 12)
		return withInfo(append(info, bytes.Repeat([]byte{2}, size/2)...), abbrevs)
	}},
	{"a number of thousands of bytes", false, func(size int) []byte {
		abbrevs := append([]byte{1, 0x11, 1, 0x13, 0x0b, 0, 0, 2, 0x24, 0, 0x83}, bytes.Repeat([]byte{0x80}, size/2)...)
		abbrevs = append(abbrevs, 0, 0x08, 0, 0, 0)
		return withInfo(append(append(unitHeader(0), 1, 12), bytes.Repeat([]byte{2, 0}, size/4)...), abbrevs)
	}},
	{"a chain of types from each of many", true, func(size int) []byte { return samples.Chain(samples.TagPointer, samples.AttrType, size/20) }},
	{"units with one line program", false, func(size int) []byte {
		line := []byte{0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}
		for range size / 2 {
			line = append(line, "directory\x00"[:1]...)
		}
		line = append(line, 0, 'f', 0, 0, 0, 0, 0)
		binary.LittleEndian.PutUint32(line[6:], uint32(len(line)-10))
		binary.LittleEndian.PutUint32(line, uint32(len(line)-4))
		var info []byte
		for range size / 40 {
			info = append(info, append(unitHeader(13), 1, 12, 0, 0, 0, 0, 0)[:17]...)
		}
		return withInfo(info, []byte{1, 0x11, 0, 0x13, 0x0b, 0x10, 0x17, 0, 0, 0}, samples.Section{Name: ".debug_line", Type: 1, Data: line})
	}},
	{"units with overlapping tables", true, func(size int) []byte {
		var abbrevs, info []byte
		var starts []int
		for code := range size / 8 {
			starts = append(starts, len(abbrevs))
			abbrevs = append(binary.AppendUvarint(abbrevs, uint64(code+1)), 0x11, 0, 0x13, 0x0b, 0, 0)
		}
		abbrevs = append(abbrevs, 0)
		for i := range 100 {
			unit := append(unitHeader(9), byte(i+1), 12)
			binary.LittleEndian.PutUint32(unit[6:], uint32(starts[i]))
			info = append(info, unit...)
		}
		return withInfo(info, abbrevs)
	}},
	{"overlapping location lists", true, func(size int) []byte {
		var info []byte
		for i := range size / 40 {
			info = append(info, 2)
			info = binary.LittleEndian.AppendUint32(info, uint32(18*i))
		}
		loc := bytes.Repeat([]byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0}, size/40)
		loc = append(loc, make([]byte, 16)...)
		return withInfo(append(append(unitHeader(0), 1, 12), info...), []byte{1, 0x11, 1, 0x13, 0x0b, 0, 0, 2, 0x34, 0, 2, 0x17, 0, 0, 0},
			samples.Section{Name: ".debug_loc", Type: 1, Data: loc})
	}},
	{"units of one entry", false, func(size int) []byte {
		return withInfo(bytes.Repeat(append(unitHeader(9), 1, 12), size/13), []byte{1, 0x11, 0, 0x13, 0x0b, 0, 0, 0})
	}},
	{"units of one entry with a table each", false, func(size int) []byte {
		var abbrevs, info []byte
		for range size / 21 {
			unit := append(unitHeader(9), 1, 12)
			binary.LittleEndian.PutUint32(unit[6:], uint32(len(abbrevs)))
			info, abbrevs = append(info, unit...), append(abbrevs, 1, 0x11, 0, 0x13, 0x0b, 0, 0, 0)
		}
		return withInfo(info, abbrevs)
	}},
	{"codes in no order", false, func(size int) []byte {
		abbrevs := []byte{1, 0x11, 0, 0x13, 0x0b, 0, 0}
		for i := range size / 8 {
			abbrevs = append(binary.AppendUvarint(abbrevs, uint64(1<<20-i)), 0x24, 0, 0, 0)
		}
		return withInfo(append(unitHeader(9), 1, 12), append(abbrevs, 0))
	}},
	{"entries with children", false, func(size int) []byte {
		info := append(unitHeader(0), 1, 12)
		return withInfo(append(info, bytes.Repeat([]byte{2, 0}, size/2)...), []byte{1, 0x11, 1, 0x13, 0x0b, 0, 0, 2, 0x0b, 1, 0, 0, 0})
	}},
	{"units that import one", false, func(size int) []byte {
		info := append(unitHeader(9), 1, 12)
		unit := append(unitHeader(0), 2, 12)
		for range size / 5 {
			unit = append(unit, 3, 11, 0, 0, 0)
		}
		unit = append(unit, 0)
		binary.LittleEndian.PutUint32(unit, uint32(len(unit)-4))
		return withInfo(append(info, unit...), []byte{1, 0x11, 0, 0x13, 0x0b, 0, 0, 2, 0x11, 1, 0x13, 0x0b, 0, 0, 3, 0x3d, 0, 0x18, 0x10, 0, 0, 0})
	}},
	{"classes in each other", false, func(size int) []byte { return samples.Nested(samples.TagStructure, min(990, size/8)) }},
}

func unitHeader(length byte) []byte { return []byte{length, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8} }

// withInfo is an image with a .debug_info; the length of a unit of 0 is what is left.
func withInfo(info, abbrevs []byte, more ...samples.Section) []byte {
	if info[0] == 0 {
		info = append(info, 0)
		binary.LittleEndian.PutUint32(info, uint32(len(info)-4))
	}
	return samples.Build(samples.Layout{Type: 2}, append(more,
		samples.Section{Name: ".debug_info", Type: 1, Data: info}, samples.Section{Name: ".debug_abbrev", Type: 1, Data: abbrevs}))
}

// TestTime prints how long images take that are made to take long, of two sizes (-v).
// What is checked is that such are read to their end, or refused for what overlaps.
func TestTime(t *testing.T) {
	for _, s := range shared {
		for _, size := range []int{1 << 18, 1 << 20} {
			image := s.of(size)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := check(t, image)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if (err != nil) != s.refused {
				t.Errorf("%s: %v", s.name, err)
			}
			t.Logf("%8d bytes %8.1f ms  allocates %5.1f times the size  %s: %v", len(image), float64(took.Microseconds())/1000,
				float64(after.TotalAlloc-before.TotalAlloc)/float64(len(image)), s.name, err)
		}
	}
}
