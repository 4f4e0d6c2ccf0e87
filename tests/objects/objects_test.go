// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package objects shows what jitdebug_register_object makes of object files: to
// debuggers, in a host that loads them as a JIT does, and to linkers.
package objects

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A variant is a way to compile one of the sources.
type variant struct {
	name    string // of the object and of its function
	source  string // in testdata
	command string
}

// variants are the ways that JITs and their users compile.
func variants() []variant {
	var all []variant
	add := func(name, source, command string) {
		all = append(all, variant{name, source, command})
	}
	// By itself, gcc 12 marks no line of a template as one to stop at, and gdb 13
	// does not stop at a line of the cold part of a function; nor do they in linked
	// programs.
	const gxx = "g++ -gno-statement-frontiers -fno-reorder-blocks-and-partition"
	for _, c := range []struct{ name, c, cxx string }{{"gcc", "gcc", gxx}, {"clang", "clang-19", "clang-19"}} {
		for _, o := range []string{"O0", "O2"} {
			for _, dwarf := range []string{"4", "5"} {
				options := " -fPIC -" + o + " -gdwarf-" + dwarf
				add(c.name+"_"+o+"_"+dwarf, "squares.c", c.c+options)
				add(c.name+"xx_"+o+"_"+dwarf, "squares.cc", c.cxx+options)
			}
		}
		add(c.name+"_sections", "squares.c", c.c+" -fPIC -O2 -g -ffunction-sections -fdata-sections")
		add(c.name+"xx_sections", "squares.cc", c.cxx+" -fPIC -O2 -g -ffunction-sections -fdata-sections")
		add(c.name+"_zlib", "squares.c", c.c+" -fPIC -O2 -g -gz=zlib")
		add(c.name+"xx_zlib", "squares.cc", c.cxx+" -fPIC -O0 -g -gz=zlib")
		add(c.name+"xx_types", "squares.cc", c.cxx+" -fPIC -O0 -g -fdebug-types-section")
		add(c.name+"xx_types_4", "squares.cc", c.cxx+" -fPIC -O0 -gdwarf-4 -fdebug-types-section")
		add(c.name+"_large", "squares.c", c.c+" -fno-pic -mcmodel=large -O1 -g")
		add(c.name+"_macros", "squares.c", c.c+" -fPIC -O1 -g3")
	}
	add("clang_zstd", "squares.c", "clang-19 -fPIC -O2 -g -gz=zstd")
	add("clangxx_zstd", "squares.cc", "clang-19 -fPIC -O0 -g -gz=zstd")
	add("gcc_zlib_gnu", "squares.c", "gcc -fPIC -O0 -g -gz=zlib-gnu")
	add("gcc_debug_frame", "squares.c", "gcc -fPIC -O2 -g -fno-asynchronous-unwind-tables -fno-exceptions")
	add("gcc_cfi_by_hand", "squares.c", "gcc -fPIC -O2 -g -fno-dwarf2-cfi-asm")
	return all
}

// compile compiles the variants, each from a copy of the source of its own, and
// returns the folder.
func compile(t *testing.T, variants []variant) string {
	t.Helper()
	dir := t.TempDir()
	for _, v := range variants {
		source, err := os.ReadFile(filepath.Join("testdata", v.source))
		if err != nil {
			t.Fatal(err)
		}
		file := v.name + filepath.Ext(v.source)
		if err := os.WriteFile(filepath.Join(dir, file), source, 0o666); err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(v.command + " -c -DNAME=" + v.name + " -o " + v.name + ".o " + file)
		command := exec.Command(host.Tool(t, words[0]), words[1:]...)
		command.Dir = dir
		if output, err := host.Try(time.Minute, command); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, output)
		}
	}
	return dir
}

// loader compiles the host.
func loader(t *testing.T) string {
	t.Helper()
	return host.Compile(t, "testdata/host.c", append(host.Linked(t), "testdata/loader.c",
		"-rdynamic", "-Wl,--no-as-needed", "-lstdc++")...)
}

// line is the first line of a source that has a comment; 0 if there is none.
func line(t *testing.T, v variant, comment string) int {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", v.source))
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(source), "/* "+comment+" */")
	if !found {
		return 0
	}
	return 1 + strings.Count(before, "\n")
}

// inner is the function in which that is.
func inner(v variant) string {
	if v.source == "squares.cc" {
		return v.name + `_space::sum<long, 4>::add`
	}
	return v.name + "_square"
}

// next is where a step leads: optimizers mix a statement with the one after it.
func next(line int) string {
	return "(" + strconv.Itoa(line+1) + "|" + strconv.Itoa(line+2) + ")"
}

// A debugger has a way to be asked, and to answer.
type debugger struct {
	start   []string // up to the stop at which all objects are registered
	mark    string   // prints a line, "== " and a name
	at      func(v variant, line int) []string
	catch   func(v variant, line int) []string
	caught  func(v variant, line int) string
	global  string // prints the variable NAME_calls
	expect  func(v variant, line int) []string
	answers string // with the variable's value
	refuse  []string
	run     func(t *testing.T, dir string, commands []string, program ...string) string
}

var gdb = debugger{
	start: []string{"set width 0", "break all_registered", "run", "delete"},
	mark:  `echo \n== NAME\n`,
	at: func(v variant, line int) []string {
		return []string{"tbreak " + v.name + filepath.Ext(v.source) + ":" + strconv.Itoa(line), "continue",
			"backtrace", "info locals", "next", "up", "info locals", "down", "finish"}
	},
	catch: func(v variant, line int) []string {
		return []string{"tbreak " + v.name + ".cc:" + strconv.Itoa(line), "continue", "backtrace"}
	},
	caught: func(v variant, line int) string {
		return `(?m)^#0  ` + v.name + ` \(limit=(limit@entry=)?4\b.*\) at ` + v.name + `\.cc:` + strconv.Itoa(line) + `\n#1  0x.* in call \(`
	},
	global: "print NAME_calls",
	expect: func(v variant, line int) []string {
		place := regexp.QuoteMeta(v.name+filepath.Ext(v.source)) + `:`
		return []string{
			`hit Temporary breakpoint \d+, ` + regexp.QuoteMeta(inner(v)) + ` \(.*value(@entry)?=1\b`,
			`(?m)^#0  ` + regexp.QuoteMeta(inner(v)) + ` \(.*value(@entry)?=1\b.*\) at ` + place + strconv.Itoa(line) + `$`,
			`(?m)^#1  0x.* in ` + v.name + ` \(limit=(limit@entry=)?4\b.*\) at ` + place + `\d+$`,
			`(?m)^#2  0x.* in call \(.*\n#3  0x.* in main \(`,
			`(?m)^square = 1$`,
			`(?m)^` + next(line) + `\t`,
			`(?m)^sum = \{terms = [01], total = 0\}$`,
			`(?m)^i = 1$`,
			`(?m)^Value returned is \$\d+ = 1$`,
		}
	},
	answers: `(?m)^\$\d+ = [15]$`,
	refuse:  []string{"warning:", "error reading", "?? ()", "No symbol", "No source"},
	run: func(t *testing.T, dir string, commands []string, program ...string) string {
		return host.GDB(t, append([]string{"cd " + dir}, commands...), append([]string{"--args"}, program...)...)
	},
}

var lldb = debugger{
	start: []string{"breakpoint set -n all_registered", "run", "breakpoint delete -f"},
	mark:  `script print("== NAME")`,
	at: func(v variant, line int) []string {
		return []string{"breakpoint set -o true -f " + v.name + filepath.Ext(v.source) + " -l " + strconv.Itoa(line), "continue",
			"thread backtrace", "frame variable", "next", "up", "frame variable", "down", "finish"}
	},
	catch: func(v variant, line int) []string {
		return []string{"breakpoint set -o true -f " + v.name + ".cc -l " + strconv.Itoa(line), "continue", "thread backtrace"}
	},
	caught: func(v variant, line int) string {
		return "frame #0: 0x\\w+ JIT\\(0x\\w+\\)`" + v.name + `\(limit=4\) at ` + v.name + `\.cc:` + strconv.Itoa(line) + ":.*\n.*frame #1: 0x\\w+ host`call\\("
	},
	global: "target variable NAME_calls",
	expect: func(v variant, line int) []string {
		place := regexp.QuoteMeta(v.name+filepath.Ext(v.source)) + `:`
		return []string{
			`frame #0: 0x\w+ JIT\(0x\w+\)` + "`" + regexp.QuoteMeta(inner(v)) + `\(.*value=1\b.*\) at ` + place + strconv.Itoa(line) + `:`,
			`frame #1: 0x\w+ JIT\(0x\w+\)` + "`" + v.name + `\(limit=4\) at ` + place,
			"frame #2: 0x\\w+ host`call\\(.*\n.*frame #3: 0x\\w+ host`main\\(",
			`(?m)^\(\w+\) square = 1$`,
			`stop reason = step over\n.* at ` + place + next(line) + `:`,
			`(?m)^\(.*\) sum = \(terms = [01], total = 0\)$`,
			`(?m)^\(int\) i = 1$`,
			`(?m)^Return value: \(\w+\) \$\d+ = 1$`,
		}
	},
	answers: `(?m)^\(int\) \w+_calls = [15]$`,
	refuse:  []string{"error:", "warning:"},
	run: func(t *testing.T, dir string, commands []string, program ...string) string {
		arguments := []string{"--no-lldbinit", "--batch", "-o", "settings set target.source-map . " + dir}
		for _, command := range commands {
			arguments = append(arguments, "-o", command)
		}
		return host.Run(t, 3*time.Minute, host.Tool(t, "lldb-22"), append(append(arguments, "--"), program...)...)
	},
}

// TestDebuggers: every object, loaded at random, stops by file and line with the
// right frames, arguments and locals, and can be stepped in.
func TestDebuggers(t *testing.T) {
	all := variants()
	dir, program := compile(t, all), loader(t)
	for name, d := range map[string]debugger{"gdb": gdb, "lldb": lldb} {
		for _, told := range []string{"all", "code"} {
			t.Run(name+"/"+told, func(t *testing.T) {
				t.Parallel()
				session(t, d, told == "code", all, dir, program)
			})
		}
	}
}

func session(t *testing.T, d debugger, codeAlone bool, all []variant, dir, program string) {
	commands, arguments := d.start, []string{program}
	if codeAlone {
		arguments = append(arguments, "-c")
	}
	for _, v := range all {
		arguments = append(arguments, filepath.Join(dir, v.name+".o"))
		commands = append(commands, strings.ReplaceAll(d.mark, "NAME", v.name))
		commands = append(commands, d.at(v, line(t, v, "stop here"))...)
		if at := line(t, v, "caught here"); at != 0 {
			commands = append(commands, d.catch(v, at)...)
		}
		if !codeAlone {
			commands = append(commands, strings.ReplaceAll(d.global, "NAME", v.name))
		}
	}
	commands = append(commands, strings.ReplaceAll(d.mark, "NAME", "end"), "continue")
	parts := strings.Split(d.run(t, dir, commands, arguments...), "\n== ")
	if len(parts) != len(all)+2 {
		t.Fatalf("%d parts:\n%s", len(parts), strings.Join(parts, "\n== "))
	}
	for i, v := range all {
		part := parts[i+1]
		expect := d.expect(v, line(t, v, "stop here"))
		if at := line(t, v, "caught here"); at != 0 {
			expect = append(expect, d.caught(v, at))
		}
		if !codeAlone {
			expect = append(expect, d.answers)
		}
		for _, want := range expect {
			if !regexp.MustCompile(want).MatchString(part) {
				t.Errorf("%s: no match of %s in:\n%s", v.name, want, part)
			}
		}
		for _, unwanted := range d.refuse {
			if strings.Contains(part, unwanted) {
				t.Errorf("%s: %s", v.name, part)
			}
		}
	}
	if last := parts[len(parts)-1]; !regexp.MustCompile(`(?m)^done\r?$`).MatchString(last) {
		t.Errorf("the host failed:\n%s", last)
	}
}
