// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package wasmtime proves that an unmodified wasmtime from the registry shares the
// process's list by a patch in Cargo.toml, and is debugged as before. To build real
// ones takes minutes, and is left to scripts/test-extended; make test compares the
// interfaces of the crates that are patched.
package wasmtime

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// cargo runs cargo in a directory of the checkout, with the library under test.
// wasmtime's newest crates ask for a newer Rust than they need.
func cargo(t *testing.T, directory string, arguments ...string) {
	t.Helper()
	command := exec.Command(host.Tool(t, "cargo"), append(arguments, "--quiet", "--locked", "--ignore-rust-version")...)
	command.Dir = filepath.Join(host.Root(t), directory)
	command.Env = append(os.Environ(), "CARGO_TARGET_DIR="+target(t), "JITDEBUG_LIB_DIR="+filepath.Dir(host.Library(t)))
	if output, err := host.Try(time.Hour, command); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, output)
	}
}

// target is the one place where cargo builds.
func target(t *testing.T) string { return filepath.Join(host.Root(t), "build", "cargo") }

func read(t *testing.T, path ...string) string {
	t.Helper()
	contents, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(contents)
}

// Each stand-in has the interface of the crate of its version, and the README says
// that there is one.
func TestInterface(t *testing.T) {
	directory := filepath.Join(host.Root(t), "bindings/rust/wasmtime-internal-jit-debug")
	manifests, err := filepath.Glob(filepath.Join(directory, "*/Cargo.toml"))
	if err != nil || len(manifests) < 3 {
		t.Fatalf("few stand-ins: %v %v", manifests, err)
	}
	readme, compared, source := read(t, directory, "README.md"), read(t, "interface/Cargo.toml"), read(t, "interface/interface.rs")
	for _, manifest := range manifests {
		version := regexp.MustCompile(`\nversion = "(.*)"`).FindStringSubmatch(read(t, manifest))[1]
		major := filepath.Base(filepath.Dir(manifest))
		if !strings.HasPrefix(version, major+".") {
			t.Errorf("%s: version %s", manifest, version)
		}
		if !strings.Contains(readme, version) {
			t.Errorf("README.md does not name %s", version)
		}
		if !strings.Contains(compared, `version = "=`+version+`"`) || !strings.Contains(source, "\nsame!(v"+major+", ") {
			t.Errorf("interface does not compare %s: scripts/stand-in %s mends that", version, version)
		}
	}
	cargo(t, "tests/wasmtime/interface", "test")
}

// The README's command tells whether a project uses the patch.
func TestIsThePatchUsed(t *testing.T) {
	const command = "cargo tree -i jitdebug-wasmtime"
	if !strings.Contains(read(t, host.Root(t), "bindings/rust/wasmtime-internal-jit-debug/README.md"), command) {
		t.Errorf("README.md does not have: %s", command)
	}
	tree := func(project string) (string, error) {
		words := strings.Fields(command)
		tree := exec.Command(host.Tool(t, words[0]), append(words[1:], "--edges=normal,dev", "--offline", "--color=never")...)
		tree.Dir, tree.Env = filepath.Join(host.Root(t), "tests/rust/testdata", project), os.Environ()
		return host.Try(time.Minute, tree)
	}
	output, err := tree("patched")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, version := range []string{"50.0.1", "36.0.20"} {
		if !strings.Contains(output, "wasmtime-internal-jit-debug v"+version+" (") {
			t.Errorf("%s is not said to be patched:\n%s", version, output)
		}
	}
	if output, err = tree("versions"); err == nil || !strings.Contains(output, "did not match any packages") {
		t.Errorf("without a patch: %v\n%s", err, output)
	}
}
