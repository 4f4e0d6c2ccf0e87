// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// records are those of functions, in Go's memory.
func records(t testing.TB, functions []abi.Function, m *machine.Machine) []*function.Record {
	t.Helper()
	array, _, err := abi.ReadFunctions(address(&functions[0]), uintptr(len(functions)), 0)
	if err != nil {
		t.Fatal(err)
	}
	all, err := encode(&array, len(functions), m)
	if err != nil {
		t.Fatal(err)
	}
	order := make([]*function.Record, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	return order
}

func encode(array *abi.Functions, count int, m *machine.Machine) ([]function.Record, error) {
	all := make([]function.Record, count)
	size, err := function.Encode(array, nil, m, all)
	if err != nil {
		return nil, err
	}
	memory := make([]byte, size)
	kept = append(kept, memory)
	_, err = function.Encode(array, memory, m, all)
	return all, err
}

func write(records []*function.Record, m *machine.Machine) []byte {
	plan := New(records, m, func(from, to uint64) bool { return to-from >= 16 })
	written := make([]byte, plan.Size())
	plan.Write(written)
	return written
}

// kept is what tests pass by address, and records refer to: to the collector, a number.
var kept []any

func address[T any](of *T) uintptr {
	kept = append(kept, of)
	return uintptr(unsafe.Pointer(of))
}

func text(s string) uintptr { return address(&append([]byte(s), 0)[0]) }

func BenchmarkImage(b *testing.B) {
	const count = 20000
	rows := make([]abi.Line, 20)
	for i := range rows {
		rows[i] = abi.Line{Offset: uint64(3 * i), Line: uint32(10 + i), Column: uint32(i % 4)}
	}
	functions := make([]abi.Function, count)
	for i := range functions {
		functions[i] = abi.Function{StructSize: uint32(unsafe.Sizeof(functions[i])),
			Name: text("some_function_name"), Address: 0x200000000000 + uintptr(i)*64, Size: 64,
			File: text("/some/where/program.lang"), Lines: address(&rows[0]), LineCount: 20}
	}
	array, _, _ := abi.ReadFunctions(address(&functions[0]), uintptr(len(functions)), 0)
	all := records(b, functions, machine.Host)
	memory := make([]byte, len(write(all, machine.Host)))
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			function.Encode(&array, nil, machine.Host, make([]function.Record, count))
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/function")
	})
	b.Run("plan", func(b *testing.B) {
		for b.Loop() {
			New(all, machine.Host, nil)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/function")
	})
	plan := New(all, machine.Host, nil)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			plan.Write(memory)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/function")
		b.ReportMetric(float64(len(memory))/count, "bytes/function")
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			plan := New(all[:1], machine.Host, nil)
			plan.Write(memory[:plan.Size()])
		}
	})
}
