// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package zstd

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// compress is what the zstd program makes of data.
func compress(t testing.TB, data []byte, options ...string) []byte {
	t.Helper()
	command := exec.Command("zstd", append([]string{"-q", "-c"}, options...)...)
	command.Stdin = bytes.NewReader(data)
	packed, err := command.Output()
	if err != nil {
		t.Fatal(err, " (scripts/setup installs zstd)")
	}
	return packed
}

// data is words, noise, and runs, in some order.
func data(r *rand.Rand, size int) (b []byte) {
	words := []byte("unsigned long sizetype DW_AT_name DW_FORM_strp ../sysdeps/x86_64 _ZNSt6vectorIiE")
	for len(b) < size {
		switch n := 1 + r.IntN(1+size/2); r.IntN(3) {
		case 0:
			for range 1 + n/16 {
				from := r.IntN(len(words))
				b = append(b, words[from:min(from+1+r.IntN(24), len(words))]...)
			}
		case 1:
			for range n {
				b = append(b, byte(r.NormFloat64()*20))
			}
		default:
			b = append(b, bytes.Repeat([]byte{byte(r.Uint32())}, n)...)
		}
	}
	return b[:size]
}

// TestReadsBackFrames: whatever zstd writes comes back, and halves do not.
func TestReadsBackFrames(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		want := data(r, r.IntN(1<<(4+r.IntN(17))))
		for _, level := range []string{"--fast=5", "-1", "-3", "-12", "-19"} {
			packed := compress(t, want, level, []string{"--check", "--no-check"}[r.IntN(2)])
			got := make([]byte, len(want))
			if err := Decompress(got, packed); err != nil {
				t.Fatalf("%s, %d bytes: %v", level, len(want), err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%s, %d bytes: they differ", level, len(want))
			}
			if len(want) == 0 {
				continue
			}
			if Decompress(got[:len(got)-1], packed) == nil {
				t.Fatalf("%s: %d bytes fit into %d", level, len(want), len(got)-1)
			}
			if Decompress(got, packed[:r.IntN(len(packed))]) == nil {
				t.Fatalf("%s: half a frame is taken for a whole", level)
			}
		}
	}
}

// TestJoinedFrames: frames may follow one another, and some hold nothing of the data.
func TestJoinedFrames(t *testing.T) {
	want := []byte("one and two and two and three")
	packed := append(compress(t, want[:9]), 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2)
	packed = append(packed, compress(t, want[9:])...)
	got := make([]byte, len(want))
	if err := Decompress(got, packed); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzDecompress: any bytes are decompressed or refused.
func FuzzDecompress(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for size := range 12 {
		for _, level := range []string{"--fast=5", "-3", "-19"} {
			f.Add(compress(f, data(r, size*size*size*4), level), uint16(size*size*size*4))
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte, size uint16) {
		Decompress(make([]byte, size), packed)
	})
}
