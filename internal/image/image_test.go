package image_test

import (
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/lineprogram"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// records are those of functions, in Go's memory.
func records(t testing.TB, functions []function.Function, m *machine.Machine) []*function.Record {
	t.Helper()
	array, err := function.Functions(unsafe.Pointer(&functions[0]), uintptr(len(functions)))
	if err != nil {
		t.Fatal(err)
	}
	size, err := array.RecordsSize(m)
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]uint64, size/8)
	all := make([]*function.Record, len(functions))
	if err := array.Records(unsafe.Slice((*byte)(unsafe.Pointer(&memory[0])), size), m, all); err != nil {
		t.Fatal(err)
	}
	return all
}

func write(records []*function.Record, m *machine.Machine) []byte {
	plan := image.New(records, m, func(from, to uint64) bool { return to-from >= 16 })
	written := make([]byte, plan.Size())
	plan.Write(written)
	return written
}

func text(s string) unsafe.Pointer { return unsafe.Pointer(&append([]byte(s), 0)[0]) }

func BenchmarkImage(b *testing.B) {
	const count = 20000
	rows := make([]lineprogram.Row, 20)
	for i := range rows {
		rows[i] = lineprogram.Row{Offset: uint64(3 * i), Line: uint32(10 + i), Column: uint32(i % 4)}
	}
	functions := make([]function.Function, count)
	for i := range functions {
		functions[i] = function.Function{StructSize: uint32(unsafe.Sizeof(functions[i])),
			Name: text("some_function_name"), Address: 0x200000000000 + uintptr(i)*64, Size: 64,
			File: text("/some/where/program.lang"), Lines: unsafe.Pointer(&rows[0]), LineCount: 20}
	}
	array, _ := function.Functions(unsafe.Pointer(&functions[0]), uintptr(len(functions)))
	all := records(b, functions, machine.Host)
	memory := make([]byte, len(write(all, machine.Host)))
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			array.RecordsSize(machine.Host)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/function")
	})
	b.Run("plan", func(b *testing.B) {
		for b.Loop() {
			image.New(all, machine.Host, nil)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/function")
	})
	plan := image.New(all, machine.Host, nil)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			plan.Write(memory)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/function")
		b.ReportMetric(float64(len(memory))/count, "bytes/function")
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			plan := image.New(all[:1], machine.Host, nil)
			plan.Write(memory[:plan.Size()])
		}
	})
}
