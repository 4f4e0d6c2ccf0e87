// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"math/rand/v2"
	"testing"
)

// A model: the set against a map, with few places so that they are contended for.
func TestAddresses(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var set addresses
	model := map[uintptr]bool{}
	for range 200_000 {
		address := 0x7f00_0000_0000 + 16*uintptr(1+random.IntN(300))
		if model[address] && random.IntN(2) == 0 {
			set.remove(address)
			delete(model, address)
			continue
		}
		if !set.reserve(1) {
			t.Fatal("no memory")
		}
		if added := set.add(address); added == model[address] {
			t.Fatalf("added %v, there before %v", added, model[address])
		}
		model[address] = true
		if int(set.count) != len(model) {
			t.Fatalf("%d addresses, not %d", set.count, len(model))
		}
	}
	for address := range model {
		if set.add(address) {
			t.Errorf("%#x was lost", address)
		}
		set.remove(address)
	}
	if set.count != 0 {
		t.Errorf("%d addresses are left", set.count)
	}
}
