// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/symfile/cfi"
	"github.com/libjitdebug/libjitdebug/internal/symfile/dwarf"
)

// checkFrames checks call frame information, .debug_frame and .eh_frame.
func (f *file) checkFrames() error {
	for i := f.frames; i <= f.lastFrames; i++ {
		name := f.debugName(i)
		if name != dwarf.Frame && name != dwarf.EHFrame {
			continue
		}
		b, err := f.load(i)
		if err != nil {
			return err
		}
		if err := cfi.Check(b, name == dwarf.EHFrame); err != nil {
			return f.sectionErrorf(i, "%s", err)
		}
	}
	return nil
}

// checkDebug checks all other debug information that package dwarf looks into.
func (f *file) checkDebug() error {
	var d dwarf.Debug
	names := make([]dwarf.Section, f.count)
	for i := uint64(1); i < f.count; i++ {
		names[i] = f.debugName(i)
		if names[i] == dwarf.Other && (f.section(i).Flags&elf.SHF_COMPRESSED != 0 || f.isGNUCompressed(i)) {
			if _, err := f.uncompressed(i); err != nil {
				return err
			}
		}
		if !d.Wants(names[i]) {
			continue
		}
		b, err := f.load(i)
		if err != nil {
			return err
		}
		d.Add(names[i], b)
	}
	var entries []uint64 // the sections that have such
	check := func(section, other dwarf.Section) error {
		for n, name := range names {
			if name != section && name != other {
				continue
			}
			i := uint64(n)
			b, err := f.load(i)
			if err != nil {
				return err
			}
			if name != dwarf.Aranges {
				entries = append(entries, i)
			}
			if err := d.Check(name, b); err != nil {
				return f.sectionErrorf(i, "%s", err)
			}
		}
		return nil
	}
	if err := check(dwarf.Info, dwarf.Types); err != nil {
		return err
	}
	if section, err := d.CheckReferences(); err != nil {
		return f.sectionErrorf(entries[section], "%s", err)
	}
	return check(dwarf.Aranges, dwarf.Aranges)
}
