// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// process is what late.c prints.
type process struct{ threads, size, resident, unshare int }

func measure(t *testing.T, program, library string, arguments ...string) (p process) {
	t.Helper()
	output, err := host.Try(limit, with(t, program, library, arguments...))
	if err == nil {
		_, err = fmt.Sscan(output, &p.threads, &p.size, &p.resident, &p.unshare)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return p
}

// TestNothingBeforeTheFirstCall compares a host that loads the library with one that
// loads an empty one.
func TestNothingBeforeTheFirstCall(t *testing.T) {
	const sizeMost, residentMost = 6 << 10, 1 << 10 // KiB
	directory := t.TempDir()
	empty := filepath.Join(directory, "libempty.so")
	host.Run(t, limit, host.Tool(t, "gcc"), "-shared", "-fPIC", "-o", empty, "-x", "c", os.DevNull)
	programs := compile(t, "late")
	bare := map[string]string{
		"loaded": programs["loaded"],
		"linked": host.Compile(t, "testdata/late.c", "-DLINKED", "-Wl,--no-as-needed", empty),
	}
	for kind, program := range programs {
		t.Run(kind, func(t *testing.T) {
			without := measure(t, bare[kind], empty)
			loaded := measure(t, program, host.Library(t))
			if loaded.threads != 1 || loaded.unshare != without.unshare ||
				loaded.size > without.size+sizeMost || loaded.resident > without.resident+residentMost {
				t.Errorf("%+v, with an empty library %+v", loaded, without)
			}
			if asked := measure(t, program, host.Library(t), "ask"); asked.threads != 1 {
				t.Errorf("after calls that need no registration %+v", asked)
			}
			called := measure(t, program, host.Library(t), "call")
			if called.threads != 4 || called.size > without.size+(64<<10) {
				t.Errorf("after calls %+v", called)
			}
		})
	}
}

// TestEnvironmentIsTheHosts sets what Go's runtime reads to what ends it, or makes it
// print or do something else.
func TestEnvironmentIsTheHosts(t *testing.T) {
	programs := compile(t, "environment")
	for _, variable := range []string{
		"GOMEMLIMIT=512Mi", "GOMEMLIMIT=nonsense", "GOMEMLIMIT=1", "GOGC=nonsense", "GOGC=1", "GOGC=off",
		"GOMAXPROCS=0", "GOMAXPROCS=64", "GOMAXPROCS=nonsense", "GOTRACEBACK=crash", "GORACE=nonsense",
		"GODEBUG=schedtrace=1", "GODEBUG=asyncpreemptoff=0", "GODEBUG=inittrace=1", "GODEBUG=gctrace=1",
		"GODEBUG=scavtrace=1", "GODEBUG=cpu.all=off", "GODEBUG=invalidptr=1,gcstoptheworld=2,clobberfree=1",
		"GODEBUG=nonsense", "GOCOVERDIR=/nonexistent", "GOROOT=nonsense", "GOEXPERIMENT=nonsense", "GOFIPS140=latest",
		"GODEBUG=fips140=only", "GODEBUG=execerrdot=0,madvdontneed=1,harddecommit=1,sbrk=1,tracebackancestors=9,dontfreezetheworld=1",
	} {
		for kind, program := range programs {
			command := with(t, program, host.Library(t))
			command.Env = append(command.Env, variable)
			quiet(t, kind+" "+variable, command)
		}
	}
	quiet(t, "loaded, without an environment", with(t, programs["loaded"], host.Library(t), "empty"))
}

// TestLimitsAndSandboxes leaves the library too little, or forbids it a system call: no process
// ends, nothing is printed, each answer is a status with a sentence.
func TestLimitsAndSandboxes(t *testing.T) {
	var limits [][2]string
	limited := func(what string, value int) { limits = append(limits, [2]string{what, strconv.Itoa(value)}) }
	for more := range 72 {
		limited("more", more)
	}
	for size := 100; size <= 3000; size += 25 {
		limited("as", size)
	}
	for threads := range 11 {
		limited("nproc", threads)
	}
	for _, call := range []string{
		"clone", "clone3", "mmap", "futex", "memfd_create", "sigaltstack", "rt_sigprocmask", "madvise", "munmap",
		"mprotect", "process_vm_readv", "sched_yield", "nanosleep", "clock_nanosleep", "gettid", "getpid", "prctl",
		"openat", "sched_getaffinity", "sched_setscheduler", "prlimit64",
	} {
		for _, errno := range []int{1, 38} { // EPERM, ENOSYS
			limited(call, errno)
		}
	}
	for range 20 { // whether threads meet in the allocator or the loader is a matter of chance
		limited("futex", 1)
	}
	for kind, program := range compile(t, "limits") {
		for _, where := range []string{"program", "child", "grown"} {
			for _, when := range []string{"first", "crowd", "later"} {
				if kind == "linked" && where+when != "programfirst" {
					continue
				}
				t.Run(kind+" "+where+" "+when, func(t *testing.T) {
					t.Parallel()
					for _, l := range limits {
						output, err := host.Try(30*time.Second, with(t, program, host.Library(t), where, when, l[0], l[1]))
						if err != nil || output != "" {
							t.Errorf("%s %s: %v\n%s", l[0], l[1], err, output)
						}
					}
				})
			}
		}
	}
}

// TestCoreFiles has gdb write core files of a host that calls the library and of one
// that does not.
func TestCoreFiles(t *testing.T) {
	const most = 16 << 20
	program := compile(t, "core")["loaded"]
	size := func(arguments ...string) int64 {
		child := with(t, program, host.Library(t), arguments...)
		output, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
		var pid string
		if _, err := fmt.Fscan(output, &pid); err != nil {
			t.Fatal(err)
		}
		core := filepath.Join(t.TempDir(), "core")
		host.GDB(t, []string{"generate-core-file " + core}, "-p", pid)
		file, err := os.Stat(core)
		if err != nil {
			t.Fatal(err)
		}
		return file.Size()
	}
	if without, called := size(), size("call"); called > without+most {
		t.Errorf("%d bytes, without the library %d", called, without)
	}
}
