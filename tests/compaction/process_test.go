// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package compaction

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// As in plan.h.
const (
	functions = 4096
	slot      = 64
	lines     = 3
)

type state uint8

const (
	absent state = iota
	adding
	present
	removing
)

type plan struct {
	descriptor, hook, code                  uint64
	ready, finish, stepping, skip, calls, _ uint32
	states                                  [functions]state
}

// A process is a host, read from outside as a debugger reads it.
type process struct {
	t       *testing.T
	command *exec.Cmd
	plan    *plan
	hooked  []byte // what a breakpoint is in the place of
}

// start starts a host, traced or not, and waits until its plan is there.
func start(t *testing.T, traced bool, source string, arguments ...string) *process {
	t.Helper()
	program := host.Compile(t, source, host.Linked(t)...)
	file, err := os.Create(filepath.Join(t.TempDir(), "plan"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(int64(unsafe.Sizeof(plan{}))); err != nil {
		t.Fatal(err)
	}
	memory, err := syscall.Mmap(int(file.Fd()), 0, int(unsafe.Sizeof(plan{})), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, command: exec.Command(program, arguments...), plan: (*plan)(unsafe.Pointer(&memory[0]))}
	p.command.ExtraFiles = []*os.File{file}
	p.command.Stdout, p.command.Stderr = os.Stderr, os.Stderr
	p.command.SysProcAttr = &syscall.SysProcAttr{Ptrace: traced, Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.command.Process.Kill() })
	if traced {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(p.pid(), &status, 0, nil); err != nil || !status.Stopped() {
			t.Fatalf("the host does not start: %v, status %#x", err, status)
		}
	} else {
		for begin := time.Now(); p.plan.ready == 0; time.Sleep(time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatal("the host does not start")
			}
		}
	}
	return p
}

func (p *process) pid() int { return p.command.Process.Pid }

// A piece is memory of the process.
type piece struct {
	at    uint64
	bytes []byte
}

func iovecs(pieces []piece) (here, there []syscall.Iovec) {
	for _, piece := range pieces {
		here = append(here, syscall.Iovec{Base: &piece.bytes[0], Len: uint64(len(piece.bytes))})
		there = append(there, syscall.Iovec{Len: uint64(len(piece.bytes))})
		*(*uint64)(unsafe.Pointer(&there[len(there)-1].Base)) = piece.at
	}
	return here, there
}

// read reads from the process, and returns how many bytes.
func (p *process) read(here, there []syscall.Iovec) int {
	n, _, _ := syscall.RawSyscall6(processVMReadv, uintptr(p.pid()),
		uintptr(unsafe.Pointer(&here[0])), uintptr(len(here)), uintptr(unsafe.Pointer(&there[0])), uintptr(len(there)), 0)
	return int(n)
}

// A walk is what was read on the way through the list.
type walk struct {
	pieces      []piece
	size        int
	now         []byte
	here, there []syscall.Iovec
}

func (w *walk) add(at uint64, bytes []byte) {
	w.pieces = append(w.pieces, piece{at, bytes})
	w.size += len(bytes)
}

// again says whether the walk would read the same as before.
func (w *walk) again(p *process) bool {
	if w.here == nil {
		w.now = make([]byte, w.size)
		w.here, w.there = iovecs(w.pieces)
		w.here = []syscall.Iovec{{Base: &w.now[0], Len: uint64(w.size)}}
	}
	if p.read(w.here, w.there) != w.size {
		return false
	}
	now := w.now
	for _, piece := range w.pieces {
		if !bytes.Equal(now[:len(piece.bytes)], piece.bytes) {
			return false
		}
		now = now[len(piece.bytes):]
	}
	return true
}

// get reads so many bytes, which must be there.
func (p *process) get(at, size uint64) []byte {
	p.t.Helper()
	if size > 64<<20 {
		p.t.Fatalf("%d bytes at %#x", size, at)
	}
	bytes := make([]byte, size)
	if p.read(iovecs([]piece{{at, bytes}})) != int(size) {
		p.t.Fatalf("no %d bytes at %#x", size, at)
	}
	return bytes
}

// An entry is one of the list.
type entry struct{ at, image, size uint64 }

const (
	descriptorSize = 24
	entrySize      = 32
)

// list walks the list from its first entry forward, and returns also what it
// read on the way.
func (p *process) list() (entries []entry, walked *walk) {
	p.t.Helper()
	descriptor := p.get(p.plan.descriptor, descriptorSize)
	walked = &walk{}
	walked.add(p.plan.descriptor, descriptor)
	if version := binary.LittleEndian.Uint32(descriptor); version != 1 {
		p.t.Fatalf("version %d", version)
	}
	for at := binary.LittleEndian.Uint64(descriptor[16:]); at != 0; {
		if len(entries) > functions {
			p.t.Fatal("the list has no end")
		}
		bytes := p.get(at, entrySize)
		walked.add(at, bytes)
		entries = append(entries, entry{at, binary.LittleEndian.Uint64(bytes[16:]), binary.LittleEndian.Uint64(bytes[24:])})
		at = binary.LittleEndian.Uint64(bytes)
	}
	return entries, walked
}
