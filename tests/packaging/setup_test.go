// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A machine as scripts/setup sees it: what its tools answer, as shell commands.
type machine map[string]string

// demo is one with all that the demo needs.
func demo(changes machine) machine {
	all := machine{
		"go": "echo go version go1.26.3 linux/amd64", "gcc": "cat >/dev/null", "make": "", "gdb": "", "lldb-22": "",
		"id": "echo 0", "apt-get": "", "apt-cache": "", "dpkg-query": "",
	}
	for tool, answer := range changes {
		if answer == "none" {
			delete(all, tool)
		} else {
			all[tool] = answer
		}
	}
	return all
}

// setup runs scripts/setup, and returns what it said and how apt-get was called.
func setup(t *testing.T, what string, tools machine) (said, installed string, err error) {
	t.Helper()
	directory := t.TempDir()
	log := filepath.Join(directory, "log")
	for _, tool := range []string{"sh", "sed", "grep", "tail", "mktemp", "rm", "env", "dirname", "cat"} {
		if err := os.Symlink(host.Tool(t, tool), filepath.Join(directory, tool)); err != nil {
			t.Fatal(err)
		}
	}
	for tool, answer := range tools {
		if tool == "apt-get" {
			answer = "echo \"$*\" >>'" + log + "'\n" + answer
		}
		if err := os.WriteFile(filepath.Join(directory, tool), []byte("#!/bin/sh\n"+answer+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(filepath.Join(host.Root(t), "scripts/setup"), what)
	command.Env = []string{"PATH=" + directory}
	said, err = host.Try(limit, command)
	calls, _ := os.ReadFile(log) // absent if there was none
	return said, string(calls), err
}

func TestSetup(t *testing.T) {
	const install = "-q install -y --no-install-recommends "
	none := machine{"lldb-22": "none", "gdb": "none"}
	for name, test := range map[string]struct {
		what      string
		tools     machine
		succeeds  bool
		says      []string
		installed string
	}{
		"all is there": {"demo", machine{}, true, nil, ""},
		"no Go": {
			"demo", machine{"go": "none", "gdb": "none"}, false,
			[]string{"there is no Go here (go). Go 1.26 or newer is needed: https://go.dev/dl", "are missing besides: gdb\n"}, "",
		},
		"an old Go": {
			"demo", machine{"go": "echo go version go1.19.8 linux/amd64"}, false,
			[]string{"go1.19.8", "Go 1.26 or newer is needed"}, "",
		},
		"a Go that may fetch none": {
			"demo", machine{"go": "echo 'go: go.mod requires go >= 1.26 (running go 1.24.4; GOTOOLCHAIN=local)'; exit 1"}, false,
			[]string{"running go 1.24.4", "Go 1.26 or newer is needed"}, "",
		},
		"no Rust": {
			"test", machine{"gdb": "none"}, false,
			[]string{"there is no cargo here. Rust 1.85 or newer", "https://rustup.rs", " gdb ", " libc6-dbg ", " file "}, "",
		},
		"an old Rust": {"test", machine{"cargo": "echo cargo 1.63.0"}, false, []string{"cargo 1.63.0", "Rust 1.85 or newer"}, ""},
		"rustup without Rust": {
			"test", machine{"cargo": "echo error: no default toolchain; exit 1"}, false,
			[]string{"no default toolchain", "Rust 1.85 or newer"}, "",
		},
		"gcc without a C library": {
			"demo", machine{"gcc": "cat >/dev/null; exit 1"}, true,
			[]string{"installing libc6-dev\n"}, "-q update\n" + install + "libc6-dev\n",
		},
		"no debugger":  {"demo", none, true, []string{"installing gdb lldb-22\n"}, "-q update\n" + install + "gdb lldb-22\n"},
		"another lldb": {"demo", machine{"lldb-22": "none", "lldb-20": ""}, true, nil, ""},
		"the release has another lldb": {
			"demo", machine{"lldb-22": "none", "apt-cache": "[ $2 != lldb-22 ] && [ $2 != lldb-23 ]"}, true,
			[]string{"installing lldb-21\n"}, "-q update\n" + install + "lldb-21\n",
		},
		"the release has no lldb": {
			"demo", machine{"lldb-22": "none", "apt-cache": "[ $2 = gdb ]"}, true,
			[]string{"the demo shows gdb alone"}, "-q update\n",
		},
		"an lldb that is too old": {
			"demo", machine{"lldb-22": "none", "lldb": "echo lldb version 14.0.6", "apt-cache": "[ $2 = gdb ]"}, true,
			[]string{"the demo shows gdb alone"}, "-q update\n",
		},
		"apt-get fails": {
			"demo", machine{"gdb": "none", "apt-get": "echo E: no network; exit 100"}, false,
			[]string{"E: no network", "this failed: apt-get update"}, "-q update\n",
		},
		"a user": {
			"demo", machine{"gdb": "none", "id": "echo 1000", "sudo": "echo sudo >&2"}, false,
			[]string{"An administrator installs them by\n    apt-get update && apt-get " + install[3:] + "gdb\n"}, "",
		},
		"a user without lldb": {
			"demo", machine{"lldb-22": "none", "id": "echo 1000"}, true,
			[]string{"apt-get " + install[3:] + "lldb-22\n"}, "",
		},
		"no apt-get": {
			"demo", machine{"gdb": "none", "apt-get": "none"}, false,
			[]string{"no apt-get here. By Debian's names, these are missing: gdb"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, installed, err := setup(t, test.what, demo(test.tools))
			if test.succeeds != (err == nil) {
				t.Errorf("%v\n%s", err, said)
			}
			says(t, said, test.says...)
			if test.says == nil && said != "" {
				t.Errorf("says, though all is well: %s", said)
			}
			if installed != test.installed {
				t.Errorf("apt-get was called by %q, not by %q", installed, test.installed)
			}
			if strings.Contains(said, "not found") {
				t.Error(said)
			}
		})
	}
}
