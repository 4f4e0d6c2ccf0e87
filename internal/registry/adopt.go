// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/handle"
	"github.com/libjitdebug/libjitdebug/internal/leaf"
)

// Adopt goes on with the registrations that a parent process left. A thread that was
// changing something at the moment of the fork is gone: a registration that is not
// whole is none, and what is on the list for no registration comes off it. Where there
// is no memory, it can be called again.
func Adopt() error {
	gdbjit.Lock()
	defer gdbjit.Unlock()
	err := adopt()
	if err != nil {
		table = handle.Table{}
		borrowed.reset()
		functions.Reset()
	}
	return err
}

func adopt() error {
	serving, err := table.Adopt()
	if err != nil {
		return abi.Refuse(abi.E_MEMORY, "%s", err)
	}
	entries, ok := gdbjit.Adopt()
	if !ok || !guest.Headroom(uintptr(len(entries))*guest.MapKey) {
		return errNoMemory
	}
	strays := make(map[*gdbjit.Entry]bool, len(entries))
	for _, e := range entries {
		strays[e] = true
	}
	refs := func(yield func([]leaf.Ref) bool) {
		for _, slot := range serving {
			if r := in(slot); r.ofFunctions() && !yield(r.refs()) {
				return
			}
		}
	}
	if !functions.Adopt(entries, refs, func(e *gdbjit.Entry) { delete(strays, e) }) {
		return errNoMemory
	}
	for _, slot := range serving {
		r := in(slot)
		if r.ofFunctions() {
			if !functions.HasAll(r.refs()) {
				table.Retire(slot)
			}
			continue
		}
		if !r.listed(func(e *gdbjit.Entry) bool { return strays[e] }) {
			table.Retire(slot)
			continue
		}
		entries := r.entries()
		if r.Copies == 0 && !borrowed.reserve(uintptr(len(entries))) {
			return errNoMemory
		}
		for i := range entries {
			if r.Copies == 0 {
				data, _ := entries[i].Image()
				borrowed.add(data)
			}
			delete(strays, &entries[i])
		}
	}
	for e := range strays {
		gdbjit.Remove(e)
	}
	functions.LookAround()
	return nil
}

// listed says whether all entries are on the list. What is behind one that is not
// need not be an entry.
func (r *registration) listed(on func(*gdbjit.Entry) bool) bool {
	entries := r.entries()
	for i := range entries {
		if !on(&entries[i]) {
			return false
		}
	}
	return true
}
