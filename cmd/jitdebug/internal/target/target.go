// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package target is what is looked into: a process or a core file, as its memory, the
// mappings of that, and its threads. Nothing that is read from one is trusted.
package target

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
)

// A Target is a process or a core file.
type Target struct {
	Name     string // for people: "process 12 (jit)", "core of jit"
	PID      int    // of the process, or of the one that the core is of; 0: not known
	Live     bool
	Machine  uint16 // e_machine
	Mappings []Mapping
	Notes    []string // what cannot be seen, for people

	source source
}

// A source is where a target comes from.
type source interface {
	// read reads memory: less than len(b) bytes where it ends, 0 where there is none.
	read(b []byte, address uint64) int
	open(m *Mapping) (File, error)
	auxiliary() []byte
	threads() []Thread
	stop() (resume func(), err error)
	close()
}

// A File is one that a mapping is of.
type File interface {
	io.ReaderAt
	io.Closer
	Stat() (os.FileInfo, error)
}

// A Mapping is a range of memory with one kind of access.
type Mapping struct {
	Start, End           uint64
	Read, Write, Execute bool
	Guessed              bool   // the access is: the core has no word of it
	Offset               uint64 // in the file
	Path                 string // of the file, as the process names it; "[heap]" and the like; or empty
	Deleted              bool   // the path is no longer the file's
	Inode                uint64
}

// A Thread is a thread of the target, as it stands.
type Thread struct {
	ID                      int
	Known                   bool // the registers are
	PC, Stack, FramePointer uint64
}

// Open opens a process, by its number, or a core file.
func Open(what string) (*Target, error) {
	pid, err := strconv.Atoi(what)
	if err != nil || pid <= 0 {
		return openCore(what)
	}
	if _, err := os.Stat(what); err == nil {
		if _, err := os.Stat("/proc/" + what); errors.Is(err, os.ErrNotExist) {
			return openCore(what) // a core that is named like a number
		}
	}
	return openProcess(pid)
}

// Close gives back what is held open.
func (t *Target) Close() { t.source.close() }

// Threads returns the target's threads.
func (t *Target) Threads() []Thread { return t.source.threads() }

// Stop stops all threads until resume is called, so that what is read belongs together. A
// core stands.
func (t *Target) Stop() (resume func(), err error) { return t.source.stop() }

// OpenFile opens the file of a mapping.
func (t *Target) OpenFile(m *Mapping) (File, error) { return t.source.open(m) }

// Mapping returns the mapping that an address is in, or nil.
func (t *Target) Mapping(address uint64) *Mapping { return mappingAt(t.Mappings, address) }

func mappingAt(all []Mapping, address uint64) *Mapping {
	i := sort.Search(len(all), func(i int) bool { return all[i].End > address })
	if i < len(all) && all[i].Start <= address {
		return &all[i]
	}
	return nil
}

// Readable returns how many bytes from an address on are mapped for reading, up to size.
func (t *Target) Readable(address, size uint64) uint64 {
	at := address
	for at-address < size {
		m := t.Mapping(at)
		if m == nil || !m.Read {
			break
		}
		at = m.End
	}
	return min(at-address, size)
}

// Memory is how many bytes are mapped for reading: no more can be on a list.
func (t *Target) Memory() (sum uint64) {
	for i := range t.Mappings {
		if m := &t.Mappings[i]; m.Read {
			sum += m.End - m.Start
		}
	}
	return sum
}

// Read fills b from an address.
func (t *Target) Read(b []byte, address uint64) error {
	for done := 0; done < len(b); {
		n := t.source.read(b[done:], address+uint64(done))
		if n <= 0 {
			return fmt.Errorf("%#x cannot be read", address+uint64(done))
		}
		done += n
	}
	return nil
}

// Bytes reads size bytes at an address. A size that is not there costs nothing.
func (t *Target) Bytes(address, size uint64) ([]byte, error) {
	if n := t.Readable(address, size); n < size {
		return nil, fmt.Errorf("only %d of %d bytes at %#x are mapped", n, size, address)
	}
	b := make([]byte, size)
	if err := t.Read(b, address); err != nil {
		return nil, err
	}
	return b, nil
}

// Word reads a word of 64 bits.
func (t *Target) Word(address uint64) (uint64, error) {
	var b [8]byte
	if err := t.Read(b[:], address); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// String reads a string that is no longer than limit.
func (t *Target) String(address uint64, limit int) string {
	var text []byte
	for len(text) < limit {
		b := make([]byte, min(64, limit-len(text)))
		n := t.source.read(b, address+uint64(len(text)))
		for i := range b[:max(n, 0)] {
			if b[i] == 0 {
				return string(append(text, b[:i]...))
			}
		}
		if n <= 0 {
			break
		}
		text = append(text, b[:n]...)
	}
	return string(text)
}

// The types of the auxiliary vector.
const (
	AuxiliaryPHDR = 3  // where the program's headers are
	AuxiliaryVDSO = 33 // where the kernel's own code is
)

// Auxiliary returns a value of the auxiliary vector, 0 if it is not there.
func (t *Target) Auxiliary(typ uint64) uint64 {
	b := t.source.auxiliary()
	for ; len(b) >= 16; b = b[16:] {
		if binary.LittleEndian.Uint64(b) == typ {
			return binary.LittleEndian.Uint64(b[8:])
		}
	}
	return 0
}
