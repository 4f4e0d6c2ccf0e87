// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import (
	"strings"
	"sync"
	"testing"
)

// Seeds are images to make mutants of, from all compilers and tools that Debian brings
// and in every version and encoding of DWARF: none is among Compiled.
func Seeds(t testing.TB) []Image {
	t.Helper()
	seeds.Lock()
	defer seeds.Unlock()
	if seeds.images == nil {
		seeds.images = seed(t)
	}
	return append([]Image{}, seeds.images...)
}

var seeds struct {
	sync.Mutex
	images []Image
}

func seed(t testing.TB) (images []Image) {
	t.Helper()
	b := newBuilder(t)
	add := func(name string, data []byte) { images = append(images, Image{name, data}) }
	const link = " -static -nostdlib -no-pie -Wl,-e,jit_main,-Ttext=0x40000000,--build-id=none,--unresolved-symbols=ignore-all,-z,muldefs "
	for _, s := range []struct{ name, command string }{
		{"c-dwarf2", "gcc -gdwarf-2 -O2" + link + "parts.c"},
		{"c-dwarf3", "gcc -gdwarf-3 -O0" + link + "parts.c"},
		{"c-dwarf4", "gcc -gdwarf-4 -O2" + link + "parts.c"},
		{"c-dwarf5", "gcc -gdwarf-5 -O2" + link + "parts.c"},
		{"c-dwarf64", "gcc -gdwarf-5 -gdwarf64 -O1" + link + "parts.c"},
		{"c-macros", "gcc -g3 -O1" + link + "parts.c"},
		{"c-macros4", "gcc -g3 -gdwarf-4 -gstrict-dwarf -O1" + link + "parts.c"},
		{"c-types", "gcc -gdwarf-4 -fdebug-types-section -O2" + link + "parts.c fibonacci.c"},
		{"c-types5", "gcc -gdwarf-5 -fdebug-types-section -O2" + link + "parts.c"},
		{"c-lto", "gcc -g -O2 -flto -ffat-lto-objects" + link + "parts.c"},
		{"c-units", "gcc -g -O1" + link + "parts.c fibonacci.c"},
		{"c-skeleton4", "gcc -gdwarf-4 -gsplit-dwarf -O1" + link + "parts.c"},
		{"clang-dwarf2", "clang-19 -gdwarf-2 -O1" + link + "parts.c"},
		{"clang-dwarf3", "clang-19 -gdwarf-3 -O2" + link + "parts.c"},
		{"clang-dwarf5", "clang-19 -gdwarf-5 -O2" + link + "parts.c"},
		{"clang-dwarf64", "clang-19 -gdwarf-5 -gdwarf64 -O1" + link + "parts.c"},
		{"clang-types", "clang-19 -gdwarf-5 -fdebug-types-section -O1" + link + "parts.c"},
		{"clang-macros", "clang-19 -g -fdebug-macro -O1" + link + "parts.c"},
		{"cxx-dwarf5", "g++ -gdwarf-5 -O1" + link + "shapes.cc"},
		{"cxx-dwarf3", "g++ -gdwarf-3 -O0" + link + "shapes.cc"},
		{"cxx-types", "g++ -gdwarf-5 -fdebug-types-section -O2" + link + "shapes.cc"},
		{"cxx-lld", "clang-19 -fuse-ld=lld -g -O1 -static -nostdlib -no-pie -Wl,-e,jit_main,--build-id=none,--unresolved-symbols=ignore-all shapes.cc"},
		{"d", "gdc -g -O0 -fno-druntime" + link + "animals.d"},
		{"d-O2", "gdc -gdwarf-4 -O2 -fno-druntime" + link + "animals.d"},
		{"fortran", "gfortran -g -O0" + link + "modules.f90"},
		{"fortran-O2", "gfortran -gdwarf-4 -O2" + link + "modules.f90"},
		{"together", "gcc -g -O1 -nostdlib -r -Wl,-z,muldefs parts.c fibonacci.c"},
	} {
		add(s.name, b.run(s.name, s.command))
	}
	for _, s := range []struct{ name, command string }{
		{"c-dwz", "dwz -o c-dwz c-units"},
		{"c-dwz5", "dwz -o c-dwz5 c-dwarf5"},
		{"cxx-debug", "objcopy --only-keep-debug cxx-dwarf5 cxx-debug"},
		{"cxx-stripped", "strip -o cxx-stripped cxx-dwarf5"},
		{"fortran-zlib", "objcopy --compress-debug-sections=zlib fortran fortran-zlib"},
	} {
		add(s.name, b.exec(s.name, s.command))
	}
	for _, s := range []struct{ name, command string }{
		{"rust-placed", "rustc -g --crate-type lib --emit obj simple.rs"},
		{"rust-O-placed", "rustc -g -O -C debuginfo=2 --crate-type lib --emit obj simple.rs"},
	} {
		add(s.name, PlaceAll(b.run(s.name+".o", s.command), 0x30000000))
	}
	return images
}

// IsCompressed says whether changes of an image's debug information are not possible.
func IsCompressed(image Image) bool { return strings.Contains(image.Name, "zlib") }
