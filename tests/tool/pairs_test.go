// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package tool

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

type listed struct {
	Consistent bool
	Pairs      []struct {
		Module    string
		Namespace int
		GDB, LLDB struct {
			Reads bool
			Why   string
		}
		Faults []string
		Images []struct {
			Error     string
			Functions []struct {
				Name, Start, File string
				Size              uint64
				Line              int
			}
		}
	}
}

func list(t testing.TB, target string) listed {
	t.Helper()
	output, status := run(t, "list", "--json", target)
	var l listed
	if err := json.Unmarshal([]byte(output), &l); err != nil || status != 0 {
		t.Fatalf("status %d, %v\n%s", status, err, output)
	}
	return l
}

// String is a line a pair: its module, who reads it, and its functions.
func (l listed) String() string {
	var text strings.Builder
	for _, p := range l.Pairs {
		fmt.Fprintf(&text, "%s", p.Module)
		if p.GDB.Reads {
			text.WriteString(" gdb")
		}
		if p.LLDB.Reads {
			text.WriteString(" lldb")
		}
		for _, im := range p.Images {
			for _, f := range im.Functions {
				fmt.Fprintf(&text, " %s", f.Name)
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

// plugin is a library with a list of its own.
func plugin(t testing.TB, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin.so")
	source := filepath.Join(host.Root(t), "tests/ownpair/testdata/pair.c")
	host.Run(t, time.Minute, host.Tool(t, "gcc"), append([]string{"-g", "-shared", "-fPIC", "-Wl,-Bsymbolic", "-o", path, source}, flags...)...)
	return path
}

// TestPairs: each pair of a process is listed, with who reads it; live and from a core.
func TestPairs(t *testing.T) {
	plain := host.Compile(t, "testdata/host.c", host.Linked(t)...)
	own := filepath.Join(host.Root(t), "tests/ownpair/testdata/pair.c")
	withOwn := host.Compile(t, "testdata/host.c", append([]string{own}, host.Linked(t)...)...)
	exported := host.Compile(t, "testdata/host.c", append([]string{own, "-rdynamic"}, host.Linked(t)...)...)
	for name, c := range map[string]struct {
		program string
		mode    []string
		want    string
		causes  string
	}{
		"plain":             {plain, []string{"plain"}, "libjitdebug.so.1 gdb lldb f0\n", ""},
		"program's own":     {withOwn, []string{"plain"}, "host gdb lldb\nlibjitdebug.so.1\nlibjitdebug-local.so.1 gdb f0\n", "pair-hidden"},
		"exported":          {exported, []string{"plain"}, "host gdb lldb\nlibjitdebug.so.1\nlibjitdebug-local.so.1 gdb f0\n", "pair-hidden"},
		"plug-in's":         {plain, []string{"plugin", plugin(t)}, "libjitdebug.so.1 gdb lldb f0\nplugin.so gdb f256\n", "pair-hidden"},
		"under the program": {withOwn, []string{"plugin", plugin(t)}, "host gdb lldb\nlibjitdebug.so.1\nlibjitdebug-local.so.1 gdb f0\nplugin.so f256\n", "pair-hidden"},
		"namespace":         {plain, []string{"namespace", plugin(t)}, "libjitdebug.so.1 gdb lldb f0\nplugin.so gdb f256\n", "pair-hidden"},
		"stripped":          {plain, []string{"plugin", plugin(t, "-s", "-Wl,--version-script=testdata/stripped.map")}, "libjitdebug.so.1 gdb lldb f0\nplugin.so f256\n", "pair-stripped"},
		"forked child":      {plain, []string{"fork"}, "libjitdebug.so.1 gdb lldb f256 f0\nmemfd:libjitdebug.so.1 gdb\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, c.program, c.mode...)
			p.pid = p.said[0]
			for _, target := range []string{p.pid, core(t, p)} {
				if got := list(t, target).String(); got != c.want {
					t.Errorf("%s\nand not\n%s", got, c.want)
				}
				if got := strings.Join(causes(t, target), " "); got != c.causes {
					t.Errorf("causes %q, not %q", got, c.causes)
				}
			}
		})
	}
}

// TestBusy reads a list that 4 threads change all the time.
func TestBusy(t *testing.T) {
	p := start(t, host.Compile(t, "testdata/host.c", host.Linked(t)...), "busy")
	for range 50 {
		l := list(t, p.pid)
		if !l.Consistent || len(l.Pairs) != 1 || len(l.Pairs[0].Faults) != 0 || !strings.Contains(l.String(), " f0") {
			t.Fatalf("%+v", l)
		}
		for _, im := range l.Pairs[0].Images {
			if im.Error != "" {
				t.Fatalf("%+v", im)
			}
		}
	}
	if got := causes(t, p.pid); got != nil {
		t.Errorf("causes %q", got)
	}
	if p.command.ProcessState != nil {
		t.Error("the process has ended")
	}
}

// TestContainer looks into a process with numbers and files of its own, from outside.
func TestContainer(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("as root: unshare makes the container")
	}
	program := host.Compile(t, "testdata/host.c", host.Linked(t)...)
	command := exec.Command(host.Tool(t, "unshare"), "--pid", "--fork", "--mount", "--kill-child",
		program, "plain")
	p := startCommand(t, command)
	children := strings.Fields(host.Run(t, time.Minute, "cat", "/proc/"+p.pid+"/task/"+p.pid+"/children"))
	if len(children) != 1 {
		t.Fatalf("children %q", children)
	}
	inside := children[0]
	if got := list(t, inside).String(); got != "libjitdebug.so.1 gdb lldb f0\n" {
		t.Error(got)
	}
	output, status := run(t, "perf", "map", inside)
	want := "/proc/" + inside + "/root/tmp/perf-" + p.said[0] + ".map"
	if status != 0 || !strings.Contains(output, want) {
		t.Errorf("status %d:\n%s", status, output)
	}
	defer os.Remove(want)
	lines, err := os.ReadFile(want)
	if err != nil || string(lines) != "200000000000 10 f0\n" {
		t.Errorf("%v %q", err, lines)
	}
}

// TestWhatCannotBeRead: what cannot be read gets a sentence, and status 2.
func TestWhatCannotBeRead(t *testing.T) {
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for target, want := range map[string]string{
		"4194304":              "there is no process 4194304",
		"no-such":              "neither the number of a process nor a core file",
		write("empty", ""):     "not a core file",
		write("text", "hello"): "not a core file",
		"/bin/sh":              "e_type is",
		directory:              "not a file",
	} {
		output, status := run(t, "list", target)
		if status != 2 || !strings.Contains(output, want) {
			t.Errorf("%s: status %d:\n%s", target, status, output)
		}
	}
	if output, status := run(t, "lookup", "1", "elsewhere"); status != 2 || !strings.Contains(output, `"elsewhere" is not an address`) {
		t.Errorf("status %d:\n%s", status, output)
	}
	// Another user's process.
	p := start(t, host.Compile(t, "testdata/causes.c"), "healthy")
	command := exec.Command(host.Tool(t, "setpriv"), "--reuid", "65534", "--clear-groups", tool, "list", p.pid)
	os.Chmod(filepath.Dir(tool), 0o755)
	output, err := host.Try(time.Minute, command)
	if err == nil || !strings.Contains(output, "may not be read: it is of the user 0, and this is 65534; use sudo") {
		t.Errorf("%v:\n%s", err, output)
	}
}

// TestDump: what is written is what is registered, and both debuggers load it.
func TestDump(t *testing.T) {
	program := host.Compile(t, "testdata/causes.c")
	p := start(t, program, "healthy, three")
	file := core(t, p)
	directory := filepath.Join(t.TempDir(), "images of it")
	if output, status := run(t, "dump", file, directory); status != 0 || !strings.Contains(output, "3 images") {
		t.Fatalf("status %d:\n%s", status, output)
	}
	output := host.GDB(t, []string{"source " + filepath.Join(directory, "load.gdb"), "info symbol " + p.said[0]}, "-s", program, "--core="+file)
	host.InOrder(t, output, "f512 in section", "0000-") // and not <in-memory@...>
	output = host.LLDB(t, []string{"settings set plugin.jit-loader.gdb.enable off", "target create --core " + file + " " + program, "command source '" + filepath.Join(directory, "load.lldb") + "'", "image lookup --address " + p.said[0]})
	host.InOrder(t, output, "Summary:", "-", ".elf`f512")
}
