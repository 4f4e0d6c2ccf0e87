// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package contract

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// The dynamic symbols are those of lib/symbols.txt, and no others: what is
// exported once stays for good.
func TestSymbols(t *testing.T) {
	const list = "lib/symbols.txt"
	bytes, err := os.ReadFile(filepath.Join(host.Root(t), list))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(bytes)), "\n")
	if !slices.IsSorted(want) {
		t.Errorf("%s is not sorted", list)
	}
	var have []string
	for line := range strings.Lines(host.Run(t, limit, host.Tool(t, "nm"), "-D", "--defined-only", host.Library(t))) {
		_, symbol, _ := strings.Cut(strings.TrimSpace(line), " ")
		have = append(have, symbol)
	}
	for _, symbol := range want {
		if !slices.Contains(have, symbol) {
			t.Errorf("the library does not export %q, which %s lists: hosts that use it would not load", symbol, list)
		}
	}
	for _, symbol := range have {
		if !slices.Contains(want, symbol) {
			t.Errorf("the library exports %q, which %s does not list", symbol, list)
		}
	}
}

func TestDynamicSection(t *testing.T) {
	output := host.Run(t, limit, host.Tool(t, "readelf"), "--dynamic", "--wide", host.Library(t))
	var soname, needed []string
	for line := range strings.Lines(output) {
		_, value, _ := strings.Cut(strings.TrimSpace(line), "[")
		value = strings.TrimSuffix(value, "]")
		switch {
		case strings.Contains(line, "(SONAME)"):
			soname = append(soname, value)
		case strings.Contains(line, "(NEEDED)"):
			needed = append(needed, value)
		}
	}
	if !slices.Equal(soname, []string{"libjitdebug.so.1"}) {
		t.Errorf("SONAME is %q, it is libjitdebug.so.1 for good", soname)
	}
	if !slices.Equal(needed, []string{"libc.so.6"}) {
		t.Errorf("the library needs %q, and should need libc.so.6 alone", needed)
	}
}

// With that section gdb would print eight lines of warning in every session.
func TestNoDebuggerScripts(t *testing.T) {
	output := host.Run(t, limit, host.Tool(t, "readelf"), "--sections", "--wide", host.Library(t))
	if !strings.Contains(output, ".dynsym") {
		t.Fatalf("readelf lists no sections:\n%s", output)
	}
	if strings.Contains(output, ".debug_gdb_scripts") {
		t.Error("the library has a section .debug_gdb_scripts")
	}
}

// A guest has no business with the packages that print, open files or reach the
// network: os alone changes the host's descriptors when it is initialised.
func TestPackagesNotLinked(t *testing.T) {
	output := host.Run(t, limit, host.Tool(t, "go"), "list", "-C", host.Root(t), "-deps", ".")
	packages := strings.Fields(output)
	if !slices.Contains(packages, "runtime") {
		t.Fatalf("go list names no packages:\n%s", output)
	}
	for _, unwanted := range []string{"fmt", "log", "net", "os"} {
		if !slices.Contains(packages, unwanted) {
			continue
		}
		importers := host.Run(t, limit, host.Tool(t, "go"), "list", "-C", host.Root(t), "-deps",
			"-f", `{{range .Imports}}{{if eq . "`+unwanted+`"}}{{$.ImportPath}} {{end}}{{end}}`, ".")
		t.Errorf("the library contains the package %s, imported by %s", unwanted,
			strings.Join(strings.Fields(importers), ", "))
	}
}

// What is written while the library is loaded is read-only afterwards, and the C code
// checks its stack frames and its copies.
func TestHardened(t *testing.T) {
	for _, name := range []string{"libjitdebug.so.1", "libjitdebug-local.so.1"} {
		library := filepath.Join(filepath.Dir(host.Library(t)), name)
		output := host.Run(t, limit, host.Tool(t, "readelf"), "--dynamic", "--segments", "--wide", library)
		for _, want := range []string{"GNU_RELRO", "BIND_NOW"} {
			if !strings.Contains(output, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		if strings.Contains(output, "TEXTREL") || strings.Contains(output, " RWE ") {
			t.Errorf("%s has code that is written to", name)
		}
	}
	imports := host.Run(t, limit, host.Tool(t, "nm"), "-D", "--undefined-only", host.Library(t))
	for _, want := range []string{"__stack_chk_fail", "_chk@"} {
		if !strings.Contains(imports, want) {
			t.Errorf("the library does not call %s", want)
		}
	}
}
