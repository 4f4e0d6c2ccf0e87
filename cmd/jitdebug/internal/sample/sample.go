// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package sample asks the kernel where a process's threads are, some hundred times a second.
package sample

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"encoding/binary"
)

const (
	frequency = 499 // a second, of each thread that runs
	pages     = 16  // of samples that wait, a power of two

	flagFrequency, flagNoKernel = 1 << 10, 1 << 5
	sampleIP                    = 1
	recordSample                = 9
)

// A Sampler takes samples of a process.
type Sampler struct {
	pid     int
	threads map[int]*thread
}

type thread struct {
	fd   int
	ring []byte
}

// New begins.
func New(pid int) (*Sampler, error) {
	s := &Sampler{pid, map[int]*thread{}}
	if err := s.renew(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends it.
func (s *Sampler) Close() {
	for id := range s.threads {
		s.end(id)
	}
}

func (s *Sampler) end(id int) {
	t := s.threads[id]
	unix.Munmap(t.ring)
	unix.Close(t.fd)
	delete(s.threads, id)
}

// renew follows threads that come and go.
func (s *Sampler) renew() error {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", s.pid))
	if err != nil {
		return fmt.Errorf("process %d has ended", s.pid)
	}
	there := map[int]bool{}
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		there[id] = true
		if s.threads[id] != nil {
			continue
		}
		t, err := open(id)
		if errors.Is(err, unix.ESRCH) {
			continue
		} else if err != nil {
			return err
		}
		s.threads[id] = t
	}
	for id := range s.threads {
		if !there[id] {
			s.end(id)
		}
	}
	return nil
}

func open(id int) (*thread, error) {
	attributes := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Config: unix.PERF_COUNT_SW_CPU_CLOCK, Sample: frequency, Sample_type: sampleIP, Bits: flagFrequency | flagNoKernel}
	fd, err := unix.PerfEventOpen(&attributes, id, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return nil, errors.New("the kernel does not let this user take samples: use sudo, or sysctl -w kernel.perf_event_paranoid=1")
	} else if errors.Is(err, unix.ENOSYS) {
		return nil, errors.New("this kernel, or a sandbox, has no perf events")
	} else if err != nil {
		return nil, err
	}
	ring, err := unix.Mmap(fd, 0, (1+pages)*os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &thread{fd, ring}, nil
}

// Take calls visit with the program counter of each sample since the last time.
func (s *Sampler) Take(visit func(pc uint64)) error {
	for _, t := range s.threads {
		t.take(visit)
	}
	return s.renew()
}

func (t *thread) take(visit func(pc uint64)) {
	page := (*unix.PerfEventMmapPage)(unsafe.Pointer(unsafe.SliceData(t.ring)))
	data := t.ring[os.Getpagesize():]
	head := atomic.LoadUint64(&page.Data_head)
	tail := page.Data_tail
	at := func(n uint64) byte { return data[n%uint64(len(data))] }
	word := func(n uint64) uint64 {
		var b [8]byte
		for i := range b {
			b[i] = at(n + uint64(i))
		}
		return binary.LittleEndian.Uint64(b[:])
	}
	for tail+8 <= head {
		header := word(tail)
		size := header >> 48
		if size < 8 {
			break
		}
		if uint32(header) == recordSample && size >= 16 {
			visit(word(tail + 8))
		}
		tail += size
	}
	atomic.StoreUint64(&page.Data_tail, head)
}
