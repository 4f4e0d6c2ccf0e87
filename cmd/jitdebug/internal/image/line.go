// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"debug/dwarf"
	"path"
	"sort"
)

// A Row is where the code of a line begins.
type Row struct {
	Address      uint64
	File         string // with its directory, where the debug information has that
	Line, Column int
	End          bool // of a sequence: nothing is known from here on
}

// Lines returns the rows of the line tables, by their addresses.
func (im *Image) Lines() []Row {
	if im.read.lines {
		return im.lines
	}
	im.read.lines = true
	im.lines = im.readLines()
	sort.SliceStable(im.lines, func(i, j int) bool {
		a, b := &im.lines[i], &im.lines[j]
		if a.Address != b.Address {
			return a.Address < b.Address
		}
		return a.End && !b.End // what ends here is before what begins here
	})
	return im.lines
}

// Line returns the row that an address belongs to, or nil.
func (im *Image) Line(address uint64) *Row {
	rows := im.Lines()
	i := sort.Search(len(rows), func(i int) bool { return rows[i].Address > address }) - 1
	if i < 0 || rows[i].End || rows[i].Line == 0 {
		return nil
	}
	return &rows[i]
}

func (im *Image) readLines() (all []Row) {
	defer func() { recover() }()
	data := im.dwarf()
	if data == nil {
		return nil
	}
	budget := steps*len(im.Bytes) + 1000
	seen := map[int64]bool{}
	r := data.Reader()
	for budget > 0 {
		unit, err := r.Next()
		if err != nil || unit == nil {
			break
		}
		budget--
		r.SkipChildren()
		at, has := unit.Val(dwarf.AttrStmtList).(int64)
		if !has || seen[at] {
			continue
		}
		seen[at] = true
		lines, err := data.LineReader(unit)
		if err != nil || lines == nil {
			continue
		}
		var sequence []Row
		var row dwarf.LineEntry
		for ; budget > 0 && lines.Next(&row) == nil; budget-- {
			next := Row{Address: row.Address, Line: row.Line, Column: row.Column, End: row.EndSequence}
			if row.File != nil {
				next.File = path.Clean(row.File.Name)
			}
			sequence = append(sequence, next)
			if row.EndSequence {
				if im.Section(sequence[0].Address) != nil { // else of a function that is gone
					all = append(all, sequence...)
				}
				sequence = nil
			}
		}
	}
	return all
}

// LinesWithoutUnit says that there is a line table, and no unit of the debug information that
// refers to one: debuggers find lines by the units.
func (im *Image) LinesWithoutUnit() (lost bool) {
	defer func() { recover() }()
	if len(im.contents("debug_line")) == 0 {
		return false
	}
	data := im.dwarf()
	if data == nil {
		return true
	}
	r := data.Reader()
	for budget := len(im.Bytes); budget > 0; budget-- {
		unit, err := r.Next()
		if err != nil || unit == nil {
			return true
		}
		if unit.Val(dwarf.AttrStmtList) != nil {
			return false
		}
		r.SkipChildren()
	}
	return true
}
