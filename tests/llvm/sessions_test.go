// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package llvm

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

func TestORC(t *testing.T) {
	f := build(t)
	for name, test := range map[string]func(*testing.T, fixture){
		"example in gdb":                     exampleInGDB,
		"example in lldb":                    exampleInLLDB,
		"what the adapter promises":          cases,
		"sections":                           sections,
		"four runtimes":                      fourRuntimes,
		"four runtimes in gdb":               fourRuntimesInGDB,
		"four runtimes in lldb":              fourRuntimesInLLDB,
		"four runtimes, LLVM's registration": fourRuntimesWithLLVMsOwn,
		"four runtimes, LLVM in the program": fourRuntimesWithLLVMInTheProgram,
	} {
		t.Run(name, func(t *testing.T) { test(t, f) })
	}
}

// lineOf is the number of the one line of a file that has this text.
func lineOf(t *testing.T, file, text string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(host.Root(t), file))
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(source), text)
	if !found {
		t.Fatalf("%s: no %q", file, text)
	}
	return strconv.Itoa(strings.Count(before, "\n") + 1)
}

func exampleInGDB(t *testing.T, f fixture) {
	returns := lineOf(t, "examples/orc/generated.c", "return total;")
	output := gdb(t, `break square
break generated.c:`+returns+`
break orc.cpp:`+lineOf(t, "examples/orc/orc.cpp", `"orc: removed`)+`
run
backtrace
set $square = $pc
info symbol $square
list
print calls
finish
info locals
delete 1
continue
info locals
print calls
delete 2
continue
info symbol $square
continue
`, f.path("orc"), f.path("orc.ll"), "4")
	host.InOrder(t, output, "Breakpoint 1, square (number=1) at ", "/generated.c:",
		"#0  square (number=1) at ", "in entry (limit=4) at ", " in main ",
		"square", " in section .text",
		"int result = number * number;",
		"$1 = 0\n", "Value returned is $2 = 1\n",
		"total = 0\n",
		"Breakpoint 2, entry (limit=4) at ", "/generated.c:"+returns,
		"total = 30\n", "$3 = 4\n",
		"Breakpoint 3, main", "No symbol matches $square.\n", "orc: removed\n")
}

func exampleInLLDB(t *testing.T, f fixture) {
	returns := lineOf(t, "examples/orc/generated.c", "return total;")
	output := lldb(t, `breakpoint set --name square
breakpoint set --file generated.c --line `+returns+`
breakpoint set --file orc.cpp --line `+lineOf(t, "examples/orc/orc.cpp", `"orc: removed`)+`
run
thread backtrace
target variable calls
finish
frame variable
breakpoint delete 1
continue
frame variable
target variable calls
breakpoint list 2
continue
breakpoint list 2
continue
`, f.path("orc"), f.path("orc.ll"), "4")
	host.InOrder(t, output, "stop reason = breakpoint 1.1", "-> ", "int result = number * number;",
		"(lldb) thread backtrace", "`square(number=1) at generated.c:", "`entry(limit=4) at generated.c:", "`main",
		"(int) calls = 0\n", "Return value: (int) $0 = 1\n", "(int) total = 0\n",
		"stop reason = breakpoint 2.1", "`entry(limit=4) at generated.c:"+returns,
		"(int) total = 30\n", "(int) calls = 4\n",
		"2.1: where = JIT(", "`entry + ", ", resolved,",
		"stop reason = breakpoint 3.1", "`main", "2.1: where = JIT(", ", unresolved,")
}

func cases(t *testing.T, f fixture) { host.Run(t, time.Minute, f.path("host"), "cases") }

// Two sections of one name, and a variable in one without content.
func sections(t *testing.T, f fixture) {
	for _, layer := range []string{"jitlink", "rtdyld"} {
		output := gdb(t, "break reached\nbreak inner\nrun\nprint zero\ncontinue\nbacktrace\nup\nprint zero\ncontinue\n",
			f.path("host"), layer, f.path("sections.o"))
		host.InOrder(t, output, "Breakpoint 2, inner (link=", "$1 = 2\n",
			"#1 ", " in inner (link=", "#2 ", " in outer (link=", " in main ", "$2 = 42\n", "exited normally]")

		output = gdb(t, "break reached\nrun\nbacktrace\n", f.path("host"), layer, f.path("names.o"))
		host.InOrder(t, output, "#1 ", " in inner ()", "#2 ", " in outer ()", " in main ")

		output = lldb(t, "breakpoint set --name inner\nrun\ntarget variable zero\nthread backtrace\n",
			f.path("host"), layer, f.path("sections.o"))
		host.InOrder(t, output, "`inner(link=", "(int) zero = 2\n", "`inner(link=", "`outer(link=", "`main")
	}
}

func fourRuntimes(t *testing.T, f fixture) {
	for _, mode := range []string{"runtimes", "own"} {
		host.InOrder(t, host.Run(t, time.Minute, f.path("host"), f.runtimes(mode, "50")...), "host: nothing was lost")
	}
}

var callers = []string{"cxx_function", "orc_function", "plugin_function", "linked_function", "main "}

// Before the threads have been busy, and after.
const twice = "break reached\nrun\nbacktrace\ncontinue\nbacktrace\ncontinue\n"

func fourRuntimesInGDB(t *testing.T, f fixture) {
	host.InOrder(t, gdb(t, twice, f.path("host"), f.runtimes("runtimes", "5")...),
		append(append(append([]string{}, callers...), callers...), "host: nothing was lost", "exited normally]")...)
}

// LLVM's images stay on its list when their code is gone, so what comes after
// the threads is not looked at.
func fourRuntimesWithLLVMsOwn(t *testing.T, f fixture) {
	host.InOrder(t, gdb(t, "break reached\nrun\nbacktrace\nkill\n", f.path("host"), f.runtimes("own", "5")...), callers...)
}

// LLVM linked statically brings the program a pair of its own. LLVM 19 looks for
// its registration function by name, in what the program exports.
func fourRuntimesWithLLVMInTheProgram(t *testing.T, f fixture) {
	f.linkStatically()
	for _, program := range []string{"local", "exported"} {
		host.InOrder(t, gdb(t, twice, f.path(program), f.runtimes("runtimes", "5")...),
			append(append(append([]string{}, callers...), callers...), "host: nothing was lost", "exited normally]")...)
	}
	host.InOrder(t, gdb(t, "break reached\nrun\nbacktrace\nkill\n", f.path("exported"), f.runtimes("own", "5")...), callers...)
}

func fourRuntimesInLLDB(t *testing.T, f fixture) {
	callers := []string{"`cxx_function", "`orc_function", "`plugin_function", "`linked_function", "`main"}
	host.InOrder(t, lldb(t, strings.NewReplacer("break reached", "breakpoint set --name reached", "backtrace", "thread backtrace").Replace(twice),
		f.path("host"), f.runtimes("runtimes", "5")...),
		append(append(append([]string{}, callers...), "continue"), callers...)...)
}
