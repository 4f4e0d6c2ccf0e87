// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package tool

import (
	"bytes"
	"encoding/binary"
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

// record has perf record a program until that has burnt its time, and takes a core of it.
func record(t *testing.T, callGraph string) (data, core, directory string) {
	t.Helper()
	directory = t.TempDir()
	program := host.Compile(t, "testdata/host.c", append(host.Linked(t), "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls")...)
	for name, text := range map[string]string{"hot.js": "let hot;\nwhile (hot)\n  count();\n"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(program, "burn")
	command.Dir = directory
	p := startCommand(t, command)
	data = filepath.Join(directory, "perf.data")
	host.Run(t, time.Minute, host.Tool(t, "perf"), "record", "-k", "1", "-e", "cpu-clock:u", "--call-graph", callGraph, "-F", "499",
		"-o", data, "-p", p.pid, "--", "sleep", "1.5")
	core = filepath.Join(directory, "core")
	host.Run(t, time.Minute, host.Tool(t, "gcore"), "-o", core, p.pid)
	return data, core + "." + p.pid, directory
}

func perf(t *testing.T, directory string, arguments ...string) string {
	t.Helper()
	command := exec.Command(host.Tool(t, "perf"), arguments...)
	command.Dir = directory
	output, err := host.Try(time.Minute, command)
	if err != nil {
		t.Fatalf("perf %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return output
}

// share is how many of a hundred samples are of functions.
func share(report string, names ...string) (sum float64) {
	for _, line := range strings.Split(report, "\n") {
		fields := regexp.MustCompile(`^\s+([0-9.]+)%.*\[\.\] (.*?)\s*$`).FindStringSubmatch(line)
		for _, name := range names {
			if fields != nil && fields[2] == name {
				part, _ := strconv.ParseFloat(fields[1], 64)
				sum += part
			}
		}
	}
	return sum
}

// TestInject: in a recording that knew nothing of generated code perf finds names, whole
// chains and lines, with one file of code.
func TestInject(t *testing.T) {
	for _, callGraph := range []string{"fp", "dwarf,4096"} {
		t.Run(callGraph, func(t *testing.T) {
			data, core, directory := record(t, callGraph)
			injected := filepath.Join(directory, "jit.data")
			if output, status := run(t, "perf", "inject", "-i", data, "-o", injected, core); status != 0 || !strings.Contains(output, "3 functions") {
				t.Fatalf("status %d:\n%s", status, output)
			}
			if files, _ := filepath.Glob(injected + ".*.elf"); len(files) != 1 {
				t.Errorf("files of code: %q", files)
			}
			report := perf(t, directory, "report", "-i", injected, "--stdio", "-g", "none", "--no-children", "--comm", "host")
			if user := share(report, "js:hot loop", "bare_loop", "caller"); user < 99 || strings.Contains(report, "[.] 0x") {
				t.Errorf("%v of 100 samples have names:\n%s", user, report)
			}
			chains := perf(t, directory, "script", "-i", injected, "-F", "ip,sym")
			for _, name := range []string{"js:hot loop", "bare_loop"} {
				if name == "bare_loop" && callGraph == "fp" {
					continue // it keeps no frame pointer, so its caller is passed over
				}
				want := regexp.MustCompile(`(?m)^\s+[0-9a-f]+ ` + name + `\n\s+[0-9a-f]+ caller\n\s+[0-9a-f]+ burn\n\s+[0-9a-f]+ main\n`)
				if all, whole := strings.Count(chains, " "+name+"\n"), len(want.FindAllString(chains, -1)); all == 0 || whole*100 < all*99 {
					t.Errorf("%d of %d chains of %s are whole:\n%.2000s", whole, all, name, chains)
				}
			}
			lines := perf(t, directory, "report", "-i", injected, "--stdio", "-g", "none", "--no-children", "-s", "srcline")
			if !regexp.MustCompile(`(?m)^\s+(99|100)\.\d+%\s+hot\.js:3`).MatchString(lines) {
				t.Errorf("lines:\n%s", lines)
			}
			annotated := perf(t, directory, "annotate", "-i", injected, "--stdio", "-l", "bare_loop")
			host.InOrder(t, annotated, "sub    $0x18,%rsp", "hot.js:3", "count();", "dec    %eax")
		})
	}
}

// TestMap: the map is written for a process that has switched nothing on, after the recording.
func TestMap(t *testing.T) {
	data, core, directory := record(t, "fp")
	pid := core[strings.LastIndex(core, ".")+1:]
	path := "/tmp/perf-" + pid + ".map"
	defer os.Remove(path)
	if output, status := run(t, "perf", "map", core); status != 0 || output != "3 functions in "+path+"\n" {
		t.Fatalf("status %d:\n%s", status, output)
	}
	report := perf(t, directory, "report", "-i", data, "--stdio", "-g", "none", "--no-children")
	if user := share(report, "js:hot loop", "bare_loop", "caller"); user < 99 {
		t.Errorf("%v of 100 samples have names:\n%s", user, report)
	}
}

// A dump is a jitdump file.
type dump struct{ bytes.Buffer }

func newDump(pid int) *dump {
	d := &dump{}
	binary.Write(d, binary.LittleEndian, []uint32{0x4a695444, 1, 40, 62, 0, uint32(pid), 0, 0, 0, 0})
	return d
}

func (d *dump) load(time, address, index uint64, name string, code []byte) {
	binary.Write(d, binary.LittleEndian, []uint32{0, uint32(16 + 40 + len(name) + 1 + len(code))})
	binary.Write(d, binary.LittleEndian, time)
	binary.Write(d, binary.LittleEndian, []uint32{1, 1})
	binary.Write(d, binary.LittleEndian, []uint64{address, address, uint64(len(code)), index})
	d.WriteString(name + "\x00")
	d.Write(code)
}

// TestInjectManyFunctions: ten thousand functions of a jitdump, some in the place of others,
// become two files, and perf knows them by their time.
func TestInjectManyFunctions(t *testing.T) {
	data, core, directory := record(t, "fp")
	l := list(t, core)
	var start uint64
	for _, f := range l.Pairs[0].Images[0].Functions {
		if f.Name == "js:hot loop" {
			start, _ = strconv.ParseUint(f.Start, 0, 64)
		}
	}
	pid, _ := strconv.Atoi(core[strings.LastIndex(core, ".")+1:])
	times := regexp.MustCompile(`(?m)([0-9]+)\.([0-9]{9}):`).FindAllStringSubmatch(perf(t, directory, "script", "-i", data, "--ns", "-F", "time"), -1)
	middle := times[len(times)/2]
	seconds, _ := strconv.ParseUint(middle[1], 10, 64)
	nanoseconds, _ := strconv.ParseUint(middle[2], 10, 64)
	d := newDump(pid)
	code := bytes.Repeat([]byte{0x90}, 16)
	d.load(1, start, 0, "old", bytes.Repeat([]byte{0x90}, 15))
	for i := range uint64(10000) {
		d.load(2, start+4096+32*i, i+1, "f"+strconv.FormatUint(i, 10), code)
	}
	d.load(seconds*1e9+nanoseconds, start, 10001, "new", bytes.Repeat([]byte{0x90}, 15))
	file := filepath.Join(directory, "jit-"+strconv.Itoa(pid)+".dump")
	if err := os.WriteFile(file, d.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	injected := filepath.Join(directory, "jit.data")
	if output, status := run(t, "perf", "inject", "-i", data, "-o", injected, file); status != 0 || !strings.Contains(output, "10002 functions") {
		t.Fatalf("status %d:\n%s", status, output)
	}
	if files, _ := filepath.Glob(injected + ".*.elf"); len(files) != 2 {
		t.Errorf("files of code: %q", files)
	}
	samples := regexp.MustCompile(`(?m)^\s*([0-9]+)\.([0-9]{9}):\s*\n\s+[0-9a-f]+ (old|new|f\d+)\n`).
		FindAllStringSubmatch(perf(t, directory, "script", "-i", injected, "--ns", "-F", "time,ip,sym"), -1)
	if len(samples) == 0 {
		t.Error("no sample has a name")
	}
	for _, sample := range samples {
		want := "old"
		if at := sample[1] + sample[2]; at >= middle[1]+middle[2] {
			want = "new"
		}
		if sample[3] != want {
			t.Errorf("%s.%s is %s, and the change was at %s.%s", sample[1], sample[2], sample[3], middle[1], middle[2])
		}
	}
}
