// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package rust

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// How a crate that depends on jitdebug-sys comes by the library. It is a crate
// outside the checkout, with jitdebug-sys beside it as crates.io gives it out.
func TestLibrary(t *testing.T) {
	pack(t, "--no-verify")
	checkout, library := host.Root(t), filepath.Dir(host.Library(t))
	outside := consumer(t, "jitdebug-sys")
	unpack(t, "jitdebug-sys", outside)
	inside := consumer(t, filepath.Join(checkout, "bindings/rust/jitdebug-sys"))
	prefix := t.TempDir()
	host.Run(t, limit, "make", "-C", checkout, "install", "PREFIX="+prefix)

	unknown := "PKG_CONFIG_LIBDIR=" + t.TempDir()
	installed := "PKG_CONFIG_PATH=" + filepath.Join(prefix, "lib/pkgconfig")
	named := "JITDEBUG_LIB_DIR=" + library
	bare := "PATH=" + compilers(t)

	// linked checks what a consumer says that is linked with the library of this directory.
	linked := func(t *testing.T, directory, include string) {
		t.Helper()
		says(t, run(t), "LIB_DIR="+directory, "INCLUDE="+include, "status=-4", "version=0x10000",
			"library="+directory+"/libjitdebug.so.1")
	}
	t.Run("named, before pkg-config", func(t *testing.T) {
		build(t, outside, named, installed)
		linked(t, library, filepath.Join(checkout, "include"))
	})
	t.Run("pkg-config", func(t *testing.T) {
		build(t, outside, unknown, installed)
		linked(t, filepath.Join(prefix, "lib"), filepath.Join(prefix, "include"))
	})
	t.Run("cargo run", func(t *testing.T) {
		output, err := try(t, outside, []string{unknown, installed}, "run")
		if err != nil {
			t.Fatal(err, output)
		}
		says(t, output, "status=-4", "library="+target(t)+"/debug/build/")
	})
	t.Run("Go, in a checkout", func(t *testing.T) {
		build(t, inside, unknown)
		output := run(t)
		says(t, output, "LIB_DIR="+target(t)+"/debug/build/", "/out/built\n",
			"INCLUDE="+filepath.Join(checkout, "include"), "status=-4", "library="+target(t)+"/debug/build/")
	})

	t.Run("Go, from the package", func(t *testing.T) {
		build(t, outside, unknown)
		says(t, run(t), "LIB_DIR="+target(t)+"/debug/build/", "/out/built\n",
			"INCLUDE="+filepath.Join(outside, "jitdebug-sys/library/include"), "status=-4", "library="+target(t)+"/debug/build/")
	})

	advice := " Install it, or name the directory that it is in in JITDEBUG_LIB_DIR, or choose the feature dlopen, " +
		"which needs none to build"
	for name, c := range map[string]struct {
		project     string
		environment []string
		want        string
	}{
		"neither pkg-config nor Go": {outside, []string{bare, "JITDEBUG_LIB_DIR="}, "libjitdebug was not found: JITDEBUG_LIB_DIR is not set, " +
			"pkg-config does not run (No such file or directory (os error 2)), and it could not be built with Go from its sources " +
			"(build: no Go here (go): Go 1.26 or newer, https://go.dev/dl)." + advice},
		"a checkout without Go": {inside, []string{unknown, "GO=no-go"}, "pkg-config knows no jitdebug 1.0, and it could not be built " +
			"with Go from its sources (build: no Go here (no-go): Go 1.26 or newer, https://go.dev/dl)." + advice},
		"named, and not there": {outside, []string{"JITDEBUG_LIB_DIR=/nonexistent"},
			"JITDEBUG_LIB_DIR: there is no libjitdebug.so.1 in /nonexistent"},
		"named by half": {outside, []string{"JITDEBUG_LIB_DIR=lib"}, "JITDEBUG_LIB_DIR: lib is not an absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := try(t, c.project, c.environment, "build")
			if err == nil {
				t.Fatal("builds without the library")
			}
			if strings.Count(output, "error: jitdebug-sys@1.0.0: ") != 1 || strings.Contains(output, "panicked") {
				t.Errorf("not one sentence:\n%s", output)
			}
			says(t, output, "error: jitdebug-sys@1.0.0: ", c.want)
		})
	}

	t.Run("dlopen", func(t *testing.T) {
		build(t, outside, bare, "--features=dlopen")
		says(t, run(t), "LIB_DIR=\n", "INCLUDE=\n", "status=-9", "libjitdebug is not loaded in this process, and cannot be; ",
			"libjitdebug.so.1: cannot open shared object file", "version=0x0", "library=\n")
		says(t, run(t, "JITDEBUG_LIBRARY=/nonexistent.so"), "status=-9", "/nonexistent.so: cannot open")
		says(t, run(t, "JITDEBUG_LIBRARY="+host.Library(t)), "status=-4", "version=0x10000", "library="+host.Library(t))
	})
}

// consumer returns a copy of testdata/consumer that finds jitdebug-sys at the path.
func consumer(t *testing.T, path string) string {
	t.Helper()
	directory := t.TempDir()
	for _, name := range []string{"Cargo.toml", "build.rs", "main.rs"} {
		contents, err := os.ReadFile(filepath.Join("testdata/consumer", name))
		if err != nil {
			t.Fatal(err)
		}
		contents = bytes.Replace(contents, []byte(`path = "jitdebug-sys"`), []byte(`path = "`+path+`"`), 1)
		if err := os.WriteFile(filepath.Join(directory, name), contents, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// compilers returns a directory with what builds a crate, and neither Go nor
// pkg-config.
func compilers(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	for _, name := range []string{"cargo", "rustc", "cc", "as", "ld", "dirname"} {
		if err := os.Symlink(host.Tool(t, name), filepath.Join(directory, name)); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// try has cargo do something with a consumer. Nothing says where the library is
// but the environment that is given.
func try(t *testing.T, project string, environment []string, arguments ...string) (string, error) {
	t.Helper()
	command := exec.Command(host.Tool(t, "cargo"), append(arguments, "--quiet", "--offline", "--color=never")...)
	command.Dir = project
	command.Env = append(without("JITDEBUG_", "PKG_CONFIG", "LD_LIBRARY_PATH="), "CARGO_TARGET_DIR="+target(t))
	command.Env = append(command.Env, environment...)
	return host.Try(limit, command)
}

// build builds a consumer; of the settings, those that begin with -- are cargo's.
func build(t *testing.T, project string, settings ...string) {
	t.Helper()
	arguments, environment := []string{"build"}, []string{}
	for _, setting := range settings {
		if strings.HasPrefix(setting, "--") {
			arguments = append(arguments, setting)
		} else {
			environment = append(environment, setting)
		}
	}
	if output, err := try(t, project, environment, arguments...); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

// run runs the consumer that was built last.
func run(t *testing.T, environment ...string) string {
	t.Helper()
	command := exec.Command(filepath.Join(target(t), "debug/consumer"))
	command.Env = append(without("JITDEBUG_", "LD_LIBRARY_PATH="), environment...)
	output, err := host.Try(limit, command)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output
}

// without returns the environment without the variables that begin so.
func without(prefixes ...string) []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
}

func says(t *testing.T, output string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(output, text) {
			t.Errorf("no %q in\n%s", text, output)
		}
	}
}
