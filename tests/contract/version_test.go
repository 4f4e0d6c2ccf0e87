// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package contract

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// An installed copy lies where a packager looks for it, a program builds with it
// through pkg-config and runs, and all that names a version names that of
// VERSION.
func TestMakeInstall(t *testing.T) {
	bytes, err := os.ReadFile(filepath.Join(host.Root(t), "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(string(bytes))

	const prefix = "/opt/jitdebug"
	destination := t.TempDir()
	host.Run(t, 5*limit, host.Tool(t, "make"), "-C", host.Root(t), "install", "DESTDIR="+destination, "PREFIX="+prefix)
	installed := destination + prefix
	checkTree(t, installed, version)

	pkgConfig := func(arguments ...string) string {
		command := exec.Command(host.Tool(t, "pkg-config"), append(arguments, "jitdebug")...)
		command.Env = append(os.Environ(), "PKG_CONFIG_SYSROOT_DIR="+destination,
			"PKG_CONFIG_PATH="+installed+"/lib/pkgconfig")
		output, err := host.Try(limit, command)
		if err != nil {
			t.Fatalf("pkg-config: %v\n%s", err, output)
		}
		return strings.TrimSpace(output)
	}
	if got := pkgConfig("--modversion"); got != version {
		t.Errorf("jitdebug.pc says version %q, VERSION %q", got, version)
	}
	if got := filepath.Clean(pkgConfig("--variable=prefix")); got != installed {
		t.Errorf("jitdebug.pc says prefix %q, installed as %q", got, installed)
	}

	// Nothing of the checkout helps to build this one.
	program := filepath.Join(t.TempDir(), "installed")
	flags := strings.Fields(pkgConfig("--cflags", "--libs"))
	host.Run(t, limit, host.Tool(t, "gcc"), append([]string{"-o", program, "testdata/installed.c"}, flags...)...)
	command := exec.Command(program)
	command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+installed+"/lib")
	output, err := host.Try(limit, command)
	if err != nil {
		t.Fatalf("a program with the installed copy: %v\n%s", err, output)
	}
	if want := "header " + version + "\nlibrary " + version + "\n"; output != want {
		t.Errorf("VERSION says:\n%sthe installed copy says:\n%s", want, output)
	}
}

// checkTree compares what is installed with what should be, links included.
func checkTree(t *testing.T, installed, version string) {
	t.Helper()
	want := map[string]string{ // a link's target, or "" for a file
		"include/jitdebug.h":                             "",
		"include/jitdebug.hpp":                           "",
		"include/jitdebug_dl.h":                          "",
		"include/jitdebug_llvm.hpp":                      "",
		"lib/libjitdebug.so":                             "libjitdebug.so.1",
		"lib/libjitdebug.so.1":                           "libjitdebug.so." + version,
		"lib/libjitdebug.so." + version:                  "",
		"lib/libjitdebug-local.so.1":                     "",
		"lib/pkgconfig/jitdebug.pc":                      "",
		"lib/cmake/jitdebug/jitdebugConfig.cmake":        "",
		"lib/cmake/jitdebug/jitdebugConfigVersion.cmake": "",
		"bin/jitdebug":                                   "",
		"share/bash-completion/completions/jitdebug":     "",
		"share/zsh/site-functions/_jitdebug":             "",
		"share/fish/vendor_completions.d/jitdebug.fish":  "",
		"share/man/man1/jitdebug.1":                      "",
		"share/doc/libjitdebug/LICENSE":                  "",
		"share/libjitdebug/jitdebug.supp":                "",
	}
	for _, command := range []string{"list", "lookup", "dump", "check", "top", "perf", "perf-map", "perf-inject"} {
		want["share/man/man1/jitdebug-"+command+".1"] = ""
	}
	for name, target := range want {
		path := filepath.Join(installed, name)
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			t.Error(err)
		case target == "" && !info.Mode().IsRegular():
			t.Errorf("%s is not a file: %v", name, info.Mode())
		case target != "":
			if got, err := os.Readlink(path); err != nil || got != target {
				t.Errorf("%s is a link to %q, not to %q (%v)", name, got, target, err)
			}
		}
	}
	err := filepath.WalkDir(installed, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(installed, path)
		if _, expected := want[name]; !expected {
			t.Errorf("%s is installed, and this test does not know it", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
