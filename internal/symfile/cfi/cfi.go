// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package cfi says whether a debugger can read call frame information: .debug_frame,
// .eh_frame, and the instructions in them.
package cfi

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Check checks a section of call frame information. exception says whether it is
// an .eh_frame.
func Check(section []byte, exception bool) error {
	t := table{exception: exception}
	return t.checkEntries(section)
}

// CheckInstructions checks call frame instructions, as they stand in an FDE of
// .debug_frame whose CIE says where the CFA is: nil, or what is wrong with which.
func CheckInstructions(instructions []byte) error {
	p := program{addrSize: 8, cfa: registerOffset}
	return p.check(&cursor.Reader{Bytes: instructions})
}

// A table is a section of call frame information.
type table struct {
	exception bool // an .eh_frame

	// The CIEs that have been read: the one that was used last and, where it is not
	// the only one, all of them in the order of the section.
	read bool
	last commonEntry
	all  []commonEntry

	checked []byte // instructions that are right behind those of the last CIE
}

// checkEntries checks common information entries and frame descriptions.
func (t *table) checkEntries(b []byte) error {
	for at := 0; at < len(b); {
		r := cursor.Reader{Bytes: b, At: at}
		e, err := t.open(&r)
		if err != nil {
			return format.Errorf("entry at %#x: %s", at, err)
		}
		switch e.kind {
		case empty: // ends an .eh_frame, but gdb goes on
		case common:
			c := commonEntry{at: at, addrSize: 8}
			if err := c.check(&r); err != nil {
				return format.Errorf("CIE at %#x: %s", at, err)
			}
			t.add(c)
		case description:
			c := t.find(e.common)
			if c == nil {
				return format.Errorf("FDE at %#x: its CIE is at %#x, and none in front of it starts there", at, e.common)
			}
			if err := t.checkDescription(c, &r); err != nil {
				return format.Errorf("FDE at %#x: %s", at, err)
			}
		}
		at = len(r.Bytes)
	}
	return nil
}
