// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package zlib

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

// compress is what the standard library makes of data.
func compress(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// data is text of this file, noise, and runs, in some order.
func data(r *rand.Rand, size int) []byte {
	text, err := os.ReadFile("zlib_test.go")
	if err != nil {
		panic(err)
	}
	var b []byte
	for len(b) < size {
		switch n := 1 + r.IntN(1+size/2); r.IntN(3) {
		case 0:
			from := r.IntN(len(text))
			b = append(b, text[from:min(from+n, len(text))]...)
		case 1:
			for range n {
				b = append(b, byte(r.Uint32()))
			}
		default:
			b = append(b, bytes.Repeat([]byte{byte(r.Uint32())}, n)...)
		}
	}
	return b[:size]
}

// TestReadsBackStreams: whatever the standard library writes comes back.
func TestReadsBackStreams(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		want := data(r, r.IntN(1<<r.IntN(18)))
		for _, level := range []int{zlib.NoCompression, zlib.BestSpeed, zlib.BestCompression, zlib.HuffmanOnly} {
			packed := compress(t, want, level)
			got := make([]byte, len(want))
			if err := Decompress(got, packed); err != nil {
				t.Fatalf("level %d, %d bytes: %v", level, len(want), err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("level %d, %d bytes: they differ", level, len(want))
			}
			if len(want) == 0 {
				continue
			}
			if err := Decompress(got[:len(got)-1], packed); err == nil {
				t.Fatalf("level %d: %d bytes fit into %d", level, len(want), len(got)-1)
			}
			if err := Decompress(got, packed[:r.IntN(len(packed))]); err == nil {
				t.Fatalf("level %d: half a stream is taken for a whole", level)
			}
		}
	}
}

// TestJoinedStreams: the linker joins compressed sections by their bytes.
func TestJoinedStreams(t *testing.T) {
	want := []byte("one and two and two and three")
	packed := append(compress(t, want[:9], 9), compress(t, want[9:], 1)...)
	got := make([]byte, len(want))
	if err := Decompress(got, append(packed, 0, 0, 0)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzDecompress: the same as the standard library says about any bytes.
func FuzzDecompress(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for size := range 20 {
		for level := zlib.HuffmanOnly; level <= 9; level += 3 {
			f.Add(compress(f, data(r, size*size*size), level))
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		reader, err := zlib.NewReader(bytes.NewReader(packed))
		var want []byte
		if err == nil {
			want, err = io.ReadAll(io.LimitReader(reader, 1<<24))
		}
		if err != nil {
			want = make([]byte, 1<<10)
		}
		got := make([]byte, len(want))
		ours := Decompress(got, packed)
		if err == nil && (ours != nil || !bytes.Equal(got, want)) {
			t.Errorf("%d bytes that the standard library reads: %v", len(want), ours)
		}
	})
}
