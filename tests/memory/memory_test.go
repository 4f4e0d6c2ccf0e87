// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package memory shows what happens when memory runs out: a call is refused
// with JITDEBUG_E_MEMORY, nothing has changed, and the next call works.
package memory

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = time.Minute

// Each allocation of a call fails in a process of its own, one after the other,
// until there is no such allocation any more.
func TestAllocations(t *testing.T) {
	program := host.Compile(t, "testdata/allocations.c", append(host.Linked(t), "-rdynamic")...)
	object := compressed(t)
	for _, call := range []struct {
		name string
		// How many allocations of the host's at least are known to be asked for:
		// a test in which none of them fails shows nothing.
		allocations int
	}{
		{"copy", 1}, {"borrow", 0}, {"copy-few", 2}, {"borrow-few", 1}, {"copy-many", 2}, {"borrow-many", 1},
		{"growing", 2}, {"image", 0}, {"unregister", 0}, {"text", 1},
		{"function", 3}, {"functions", 3}, {"sharing", 3}, {"functions-image", 2}, {"object", 1},
	} {
		for _, where := range []string{"first", "thread", "later"} {
			if (call.name == "growing" || call.name == "sharing") && where != "later" {
				continue // thousands of calls: none of them is the first for long
			}
			t.Run(where+" "+call.name, func(t *testing.T) {
				t.Parallel()
				for _, which := range []string{"one", "all"} {
					failing := 1
					for ; failed(t, program, where, call.name, which, failing, object); failing++ {
						if failing > 100 {
							t.Fatal("a call with more than a hundred allocations")
						}
					}
					if failing <= call.allocations {
						t.Errorf("%d allocations were made to fail, %d are known", failing-1, call.allocations)
					}
				}
			})
		}
	}
}

// failed says whether there was an allocation of that number.
func failed(t *testing.T, program, where, call, which string, number int, object string) bool {
	t.Helper()
	command := exec.Command(program, where, call, which, strconv.Itoa(number), object)
	output, err := host.Try(limit, command)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args[1:], " "), err, output)
	}
	return strings.TrimSpace(output) != "0"
}

// compressed is an object with as much debug information, which has to be
// decompressed, as makes Go's heap grow when it is checked.
func compressed(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	source, object := filepath.Join(directory, "object.c"), filepath.Join(directory, "object.o")
	text := "int generated(void) { return 0; }\n"
	for i := range 2000 {
		text += strings.ReplaceAll("struct sN { struct sN *next; int a[N]; } *vN;\n", "N", strconv.Itoa(i+1))
	}
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	host.Run(t, limit, host.Tool(t, "gcc"), "-g", "-O1", "-gz", "-c", "-o", object, source)
	return object
}

// The real thing: the kernel refuses more memory, to the host and to Go.
func TestLimits(t *testing.T) {
	program := host.Compile(t, "testdata/limits.c", host.Linked(t)...)
	object := compressed(t)
	for _, resource := range []string{"as", "data"} {
		for _, room := range []string{"0", "1", "16", "100", "200"} { // MiB
			for _, images := range []string{"small", "large", "borrowed", "function", "object", "debug"} {
				t.Run(resource+" "+room+" "+images, func(t *testing.T) {
					t.Parallel()
					host.Run(t, limit, program, resource, room, images, object)
				})
			}
		}
	}
}
