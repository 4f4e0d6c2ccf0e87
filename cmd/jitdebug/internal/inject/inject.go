// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package inject gives a recording of perf's the code that was generated meanwhile.
package inject

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/codefile"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/jitdump"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/perfdata"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

// Code is what a process has generated.
type Code struct {
	PID       int
	Machine   uint16
	Functions []codefile.Function
	Timed     bool // it is known when each was born
}

// FromView takes the functions that are registered now.
func FromView(v *view.View) Code {
	c := Code{PID: v.Target.PID, Machine: v.Target.Machine}
	seen := map[[2]uint64]bool{}
	for _, im := range v.Images() {
		rows := im.Lines()
		for _, f := range im.Functions() {
			const largest = 64 << 20
			if seen[[2]uint64{f.Start, f.End}] || f.End <= f.Start || f.End-f.Start > largest {
				continue
			}
			code, err := v.Target.Bytes(f.Start, f.End-f.Start)
			if err != nil {
				continue
			}
			seen[[2]uint64{f.Start, f.End}] = true
			g := codefile.Function{Start: f.Start, End: f.End, Name: f.Name, Code: code, Frame: im.Frame(f.Start)}
			from := sort.Search(len(rows), func(i int) bool { return rows[i].Address >= f.Start })
			for _, row := range rows[from:] {
				if row.Address >= f.End {
					break
				}
				if !row.End && row.Line > 0 {
					g.Rows = append(g.Rows, row)
				}
			}
			c.Functions = append(c.Functions, g)
		}
	}
	return c
}

// FromDump takes what a jitdump has.
func FromDump(path string) (Code, error) {
	functions, machine, pid, err := jitdump.Read(path)
	return Code{pid, machine, functions, true}, err
}

// A process is what a recording says of one.
type process struct {
	born  int    // the number of the event with which its memory begins
	time  uint64 // when that was
	maps  []mapped
	dumps []string
}

type mapped struct {
	event     int
	time      uint64
	start     uint64
	end       uint64
	anonymous bool
}

// A Recording is one that has been looked through.
type Recording struct {
	file      *perfdata.File
	processes map[int]*process
	samples   map[int]int
}

// Open looks through a recording.
func Open(path string) (*Recording, error) {
	f, err := perfdata.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Recording{f, map[int]*process{}, map[int]int{}}
	get := func(pid int) *process {
		if r.processes[pid] == nil {
			r.processes[pid] = &process{born: -1}
		}
		return r.processes[pid]
	}
	err = f.Events(func(n int, e *perfdata.Event) error {
		pid := e.PID()
		switch {
		case e.Type == perfdata.Sample:
			r.samples[pid]++
		case e.Exec():
			p := get(pid)
			p.born, p.time, p.maps = n, e.Time(), nil
		case e.Type == perfdata.Mmap || e.Type == perfdata.Mmap2:
			m, ok := e.Mapping()
			if !ok || pid <= 0 {
				break
			}
			p := get(pid)
			p.maps = append(p.maps, mapped{n, e.Time(), m.Start, m.Start + m.Size, anonymous(m.File)})
			if name := filepath.Base(m.File); strings.HasPrefix(name, "jit-") && strings.HasSuffix(name, ".dump") {
				p.dumps = append(p.dumps, m.File)
			}
		}
		return nil
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Close closes it.
func (r *Recording) Close() { r.file.Close() }

// anonymous says that a mapping is of no file that has symbols.
func anonymous(name string) bool {
	for _, prefix := range []string{"//anon", "[anon", "[heap]", "/memfd:", "/dev/zero", "/dev/shm/", "/SYSV", "anon_inode:"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == ""
}

// Processes are those that have samples, by their numbers.
func (r *Recording) Processes() (all []int) {
	for pid := range r.samples {
		if pid > 0 && r.processes[pid] != nil {
			all = append(all, pid)
		}
	}
	sort.Ints(all)
	return all
}

// Dumps are the jitdump files that a process has written.
func (r *Recording) Dumps(pid int) []string {
	if p := r.processes[pid]; p != nil {
		return p.dumps
	}
	return nil
}

// Monotonic says that the times of jitdump files and of the recording are of one clock.
func (r *Recording) Monotonic() bool { return r.file.Monotonic() }

// Write writes the recording with the code, and beside it the files of the code, whose names
// it returns.
func (r *Recording) Write(path string, codes []Code) (files []string, err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var insertions []perfdata.Insertion
	dropped := map[int]bool{}
	for _, c := range codes {
		p := r.processes[c.PID]
		if p == nil || len(c.Functions) == 0 {
			continue
		}
		parts := codefile.Split(c.Functions)
		for i, part := range parts {
			name := fmt.Sprintf("%s.%d.elf", absolute, c.PID)
			if len(parts) > 1 {
				name = fmt.Sprintf("%s.%d-%d.elf", absolute, c.PID, i)
			}
			layout, err := codefile.Write(name, c.Machine, part, p.free(parts))
			if err != nil {
				return files, err
			}
			files = append(files, name)
			insertions = append(insertions, p.insert(c, part, name, layout, dropped)...)
		}
	}
	if same(path, r) {
		return files, fmt.Errorf("%s is the recording itself: choose another name by -o", path)
	}
	return files, r.file.Write(path, insertions, func(n int) bool { return dropped[n] })
}

func same(path string, r *Recording) bool {
	a, err := os.Stat(path)
	if err != nil {
		return false
	}
	b, err := r.file.Stat()
	return err == nil && os.SameFile(a, b)
}

// insert maps a part of the code. What is timed is mapped function by function; else a range
// with all of them comes right behind what perf knows of the memory, and what it says of that
// later is dropped, for it would bury the names.
func (p *process) insert(c Code, part []codefile.Function, name string, l codefile.Layout, dropped map[int]bool) (all []perfdata.Insertion) {
	add := func(after int, time, start, size uint64) {
		all = append(all, perfdata.Insertion{After: after, Time: time, Mapping: perfdata.Mapping{
			PID: uint32(c.PID), TID: uint32(c.PID), Start: start, Size: size, Offset: l.Offset(start), File: name}})
	}
	add(p.born, p.time, l.Base, l.Header)
	if c.Timed {
		for i := range part {
			f := &part[i]
			add(p.born, max(f.Born, p.time), f.Start, f.End-f.Start)
		}
		for _, m := range p.maps {
			for i := range part {
				if f := &part[i]; m.anonymous && m.time > f.Born && m.start < f.End && f.Start < m.end {
					dropped[m.event] = true
					break
				}
			}
		}
		return all
	}
	for _, r := range codefile.Ranges(part) {
		after, time, found := p.born, p.time, false
		for _, m := range p.maps {
			if !m.anonymous || m.start >= r.End || r.Start >= m.end {
				continue
			}
			if found {
				dropped[m.event] = true
				continue
			}
			after, time, found = m.event, m.time, true
		}
		add(after, time, r.Start, r.End-r.Start)
	}
	return all
}

// free finds addresses that the recording knows nothing of.
func (p *process) free(parts [][]codefile.Function) func(below, size uint64) uint64 {
	type taken struct{ start, end uint64 }
	var all []taken
	for _, m := range p.maps {
		all = append(all, taken{m.start, m.end})
	}
	for _, part := range parts {
		for _, r := range codefile.Ranges(part) {
			all = append(all, taken{r.Start, r.End})
		}
	}
	return func(below, size uint64) uint64 {
		const page = 4096
		at := below - size
		for again := true; again; {
			again = false
			for _, t := range all {
				if t.start < at+size && at < t.end {
					at, again = (t.start-size)&^(page-1), true
				}
			}
		}
		all = append(all, taken{at, at + size})
		return at
	}
}
