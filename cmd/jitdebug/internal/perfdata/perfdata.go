// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package perfdata reads recordings of perf's, and writes them with further events.
package perfdata

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"sort"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

var le = binary.LittleEndian

// The parts of a file that matter here; see tools/perf/Documentation/perf.data-file-format.txt
// of Linux.
const (
	magic      = "PERFILE2"
	headerSize = 104

	// The types of records.
	Mmap          = 1
	Comm          = 3
	Fork          = 7
	Sample        = 9
	Mmap2         = 10
	tracingData   = 66
	finishedRound = 68
	auxTraceInfo  = 70
	auxTrace      = 71
	compressed    = 81

	firstOfPerf = 64 // types from here on have no sample_id

	miscUser    = 2
	miscExec    = 1 << 13 // of a Comm
	sampleTID   = 1 << 1
	sampleTime  = 1 << 2
	sampleID    = 1 << 6
	sampleCPU   = 1 << 7
	sampleSID   = 1 << 9
	sampleFirst = 1 << 16
	sampleIP    = 1 << 0
	idAll       = 1 << 18 // of an attribute's flags
	useClock    = 1 << 25
)

// A File is a recording.
type File struct {
	file       *os.File
	header     [headerSize]byte
	data       section
	size       uint64
	sampleType uint64
	idAll      bool
	clock      int32 // the clock's number, -1: perf's own
	id         uint64
}

type section struct{ offset, size uint64 }

func (s section) within(size uint64) bool { return s.offset <= size && s.size <= size-s.offset }

// Open opens a recording.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	p := &File{file: f}
	if err := p.read(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Stat says which file it is.
func (p *File) Stat() (os.FileInfo, error) { return p.file.Stat() }

// Close closes it.
func (p *File) Close() { p.file.Close() }

var errDamaged = errors.New("damaged, or cut off: was perf record ended by a signal that it does not know?")

func (p *File) read() error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	p.size = uint64(info.Size())
	if _, err := p.file.ReadAt(p.header[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch h := p.header[:]; {
	case string(h[:8]) != magic:
		return errors.New("not a recording of perf's (of this machine's byte order)")
	case le.Uint64(h[8:]) == 16:
		return errors.New("a recording that was written into a pipe: record into a file, perf record -o FILE")
	case le.Uint64(h[8:]) != headerSize:
		return fmt.Errorf("its header has %d bytes, and %d are known", le.Uint64(h[8:]), headerSize)
	}
	attributeSize := le.Uint64(p.header[16:])
	attributes := section{le.Uint64(p.header[24:]), le.Uint64(p.header[32:])}
	p.data = section{le.Uint64(p.header[40:]), le.Uint64(p.header[48:])}
	if !attributes.within(p.size) || !p.data.within(p.size) || attributeSize < 64+16 || attributeSize > attributes.size || p.data.size == 0 {
		return errDamaged
	}
	b := make([]byte, attributeSize)
	if _, err := p.file.ReadAt(b, int64(attributes.offset)); err != nil {
		return err
	}
	p.sampleType = le.Uint64(b[24:])
	flags := le.Uint64(b[40:])
	p.idAll = flags&idAll != 0
	p.clock = -1
	if flags&useClock != 0 && attributeSize >= 96+16 {
		p.clock = int32(le.Uint32(b[92:]))
	}
	ids := section{le.Uint64(b[attributeSize-16:]), le.Uint64(b[attributeSize-8:])}
	if ids.size >= 8 && ids.within(p.size) {
		var id [8]byte
		if _, err := p.file.ReadAt(id[:], int64(ids.offset)); err == nil {
			p.id = le.Uint64(id[:])
		}
	}
	return nil
}

// Monotonic says that times are those of CLOCK_MONOTONIC, as jitdump files have them.
func (p *File) Monotonic() bool { return p.clock == 1 }

// An Event is one record, with what follows it.
type Event struct {
	Bytes []byte // good until the next
	Type  uint32
	Misc  uint16
	file  *File
}

// Events calls visit with each event, in the file's order.
func (p *File) Events(visit func(n int, e *Event) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(p.file, int64(p.data.offset), int64(p.data.size)), 1<<20)
	buffer := make([]byte, 1<<16)
	for n := 0; ; n++ {
		header, err := r.Peek(8)
		if errors.Is(err, io.EOF) && len(header) == 0 {
			return nil
		} else if err != nil {
			return errDamaged
		}
		typ, size := le.Uint32(header), uint64(le.Uint16(header[6:]))
		if size < 8 {
			return errDamaged
		}
		if _, err := io.ReadFull(r, buffer[:size]); err != nil {
			return errDamaged
		}
		e := Event{buffer[:size], typ, le.Uint16(buffer[4:]), p}
		extra := uint64(0)
		switch typ {
		case compressed:
			return errors.New("it is compressed: record without -z")
		case auxTrace, auxTraceInfo:
			return errors.New("it is of a hardware tracer: not supported")
		case tracingData:
			if size >= 12 {
				extra = (uint64(le.Uint32(buffer[8:])) + 7) &^ 7
			}
		}
		if extra > 0 {
			if extra > p.data.size {
				return errDamaged
			}
			more := make([]byte, size+extra)
			copy(more, buffer[:size])
			if _, err := io.ReadFull(r, more[size:]); err != nil {
				return errDamaged
			}
			e.Bytes = more
		}
		if err := visit(n, &e); err != nil {
			return err
		}
	}
}

// trailer is how long sample_id is.
func (p *File) trailer() int {
	if !p.idAll {
		return 0
	}
	return 8 * bits.OnesCount64(p.sampleType&(sampleTID|sampleTime|sampleID|sampleSID|sampleCPU|sampleFirst))
}

// Time is when an event was; 0 if it does not say.
func (e *Event) Time() uint64 {
	p := e.file
	if p.sampleType&sampleTime == 0 || e.Type >= firstOfPerf {
		return 0
	}
	at := 0
	if e.Type == Sample {
		at = 8 + 8*bits.OnesCount64(p.sampleType&(sampleFirst|sampleIP|sampleTID))
	} else {
		if !p.idAll {
			return 0
		}
		at = len(e.Bytes) - p.trailer() + 8*bits.OnesCount64(p.sampleType&sampleTID)
	}
	if at < 8 || at+8 > len(e.Bytes) {
		return 0
	}
	return le.Uint64(e.Bytes[at:])
}

// PID is the process that an event is of; 0 if it does not say. For a Fork, it is the child.
func (e *Event) PID() int {
	at := 8
	switch e.Type {
	case Mmap, Mmap2, Comm, Fork:
	case Sample:
		if e.file.sampleType&sampleTID == 0 {
			return 0
		}
		at += 8 * bits.OnesCount64(e.file.sampleType&(sampleFirst|sampleIP))
	default:
		return 0
	}
	if at+4 > len(e.Bytes) {
		return 0
	}
	return int(int32(le.Uint32(e.Bytes[at:])))
}

// Exec says that a process has become another program.
func (e *Event) Exec() bool { return e.Type == Comm && e.Misc&miscExec != 0 }

// A Mapping is what an Mmap or Mmap2 says.
type Mapping struct {
	PID, TID            uint32
	Start, Size, Offset uint64
	File                string
}

// Mapping returns it.
func (e *Event) Mapping() (m Mapping, ok bool) {
	name := 40
	if e.Type == Mmap2 {
		name = 72
	} else if e.Type != Mmap {
		return m, false
	}
	if len(e.Bytes) < name {
		return m, false
	}
	b := e.Bytes
	return Mapping{le.Uint32(b[8:]), le.Uint32(b[12:]), le.Uint64(b[16:]), le.Uint64(b[24:]), le.Uint64(b[32:]),
		string(elf.String(b[name:], 0))}, true
}

// event encodes a mapping of code.
func (p *File) event(m Mapping, time uint64) []byte {
	const protection, private = 1 | 4, 2 // PROT_READ | PROT_EXEC, MAP_PRIVATE
	name := append([]byte(m.File), 0)
	for len(name)%8 != 0 {
		name = append(name, 0)
	}
	b := make([]byte, 8, 72+len(name)+p.trailer())
	b = le.AppendUint32(b, m.PID)
	b = le.AppendUint32(b, m.TID)
	b = le.AppendUint64(b, m.Start)
	b = le.AppendUint64(b, m.Size)
	b = le.AppendUint64(b, m.Offset)
	b = append(b, make([]byte, 24)...) // device, inode and its generation
	b = le.AppendUint32(b, protection)
	b = le.AppendUint32(b, private)
	b = append(b, name...)
	if p.idAll {
		for _, part := range []struct{ bit, value uint64 }{{sampleTID, uint64(m.TID)<<32 | uint64(m.PID)}, {sampleTime, time},
			{sampleID, p.id}, {sampleSID, p.id}, {sampleCPU, 0}, {sampleFirst, p.id}} {
			if p.sampleType&part.bit != 0 {
				b = le.AppendUint64(b, part.value)
			}
		}
	}
	le.PutUint32(b, Mmap2)
	le.PutUint16(b[4:], miscUser)
	le.PutUint16(b[6:], uint16(len(b)))
	return b
}

// An Insertion is a mapping that is put behind event After; -1: in front of all.
type Insertion struct {
	After   int
	Time    uint64
	Mapping Mapping
}

// Write writes the recording with the insertions, and without the events that drop says. perf
// sorts events by time within rounds, which the insertions do not keep, so that the ends of
// rounds are left out: it then sorts them all.
func (p *File) Write(path string, insertions []Insertion, drop func(n int) bool) error {
	sort.SliceStable(insertions, func(i, j int) bool { return insertions[i].After < insertions[j].After })
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = p.write(w, insertions, drop)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = p.finish(f)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (p *File) write(w *bufio.Writer, insertions []Insertion, drop func(n int) bool) error {
	if _, err := io.Copy(w, io.NewSectionReader(p.file, 0, int64(p.data.offset))); err != nil {
		return err
	}
	insert := func(after int) error {
		for len(insertions) > 0 && insertions[0].After <= after {
			if _, err := w.Write(p.event(insertions[0].Mapping, insertions[0].Time)); err != nil {
				return err
			}
			insertions = insertions[1:]
		}
		return nil
	}
	if err := insert(-1); err != nil {
		return err
	}
	last := 0
	err := p.Events(func(n int, e *Event) error {
		last = n
		if e.Type != finishedRound && !drop(n) {
			if _, err := w.Write(e.Bytes); err != nil {
				return err
			}
		}
		return insert(n)
	})
	if err != nil {
		return err
	}
	return insert(max(last, int(^uint(0)>>1)))
}

// finish appends the features, which lie behind the data, and says where they are now.
func (p *File) finish(f *os.File) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	size := uint64(end) - p.data.offset
	moved := size - p.data.size // modulo 2^64
	count := 0
	for i := 72; i < headerSize; i += 8 {
		count += bits.OnesCount64(le.Uint64(p.header[i:]))
	}
	from := p.data.offset + p.data.size
	table := make([]byte, 16*count)
	if _, err := p.file.ReadAt(table, int64(from)); err != nil && count > 0 {
		return errDamaged
	}
	for i := 0; i < len(table); i += 16 {
		if offset := le.Uint64(table[i:]); offset >= from {
			le.PutUint64(table[i:], offset+moved)
		}
	}
	if _, err := f.Write(table); err != nil {
		return err
	}
	behind := from + uint64(len(table))
	if _, err := io.Copy(f, io.NewSectionReader(p.file, int64(behind), int64(p.size-behind))); err != nil {
		return err
	}
	header := p.header
	le.PutUint64(header[48:], size)
	_, err = f.WriteAt(header[:], 0)
	return err
}
