// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package rust

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// What crates.io would be given: it brings what it must and nothing else.
func TestCratesAsPublished(t *testing.T) {
	pack(t, "--no-verify")
	license, err := os.ReadFile(filepath.Join(host.Root(t), "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	needed := []string{"Cargo.toml", "LICENSE", "README.md", "src/lib.rs"}
	for name, others := range map[string]string{
		"jitdebug-sys": `^(Cargo\.(lock|toml\.orig)|\.cargo_vcs_info\.json|build\.rs|src/\w+\.rs|` +
			`library/(go\.(mod|sum)|VERSION|scripts/build|[\w/-]+\.(go|c|h|hpp|s|map|edits)))$`,
		"jitdebug-wasmtime": `^(Cargo\.(lock|toml\.orig)|\.cargo_vcs_info\.json|(src|tests)/\w+\.rs)$`,
		"jitdebug":          `^(Cargo\.(lock|toml\.orig)|\.cargo_vcs_info\.json|(src|examples|tests)/(\w+/)?\w+\.rs)$`,
	} {
		directory := t.TempDir()
		unpack(t, name, directory)
		crate := filepath.Join(directory, name)
		var found []string
		for _, path := range strings.Fields(host.Run(t, limit, "find", crate, "-type", "f", "-printf", `%P\n`)) {
			if slices.Contains(needed, path) {
				found = append(found, path)
			} else if !regexp.MustCompile(others).MatchString(path) {
				t.Errorf("%s: what is %s for?", name, path)
			}
		}
		slices.Sort(found)
		if !slices.Equal(found, needed) {
			t.Errorf("%s brings %s of %s", name, found, needed)
		}
		if text, _ := os.ReadFile(filepath.Join(crate, "LICENSE")); string(text) != string(license) {
			t.Errorf("%s: LICENSE is another", name)
		}
		manifest, _ := os.ReadFile(filepath.Join(crate, "Cargo.toml"))
		says(t, string(manifest), "\nname = \""+name+"\"\n", "\nversion = \"1.0.0\"\n", "\nrust-version = \"1.85\"\n",
			"\nlicense = \"Apache-2.0 WITH LLVM-exception\"\n", "\nreadme = \"README.md\"\n", "\ndescription = ", "\nrepository = ")
		says(t, string(manifest), map[string]string{
			"jitdebug-sys":      "\nlinks = \"jitdebug\"\n",
			"jitdebug":          "\n[dependencies.jitdebug-sys]\nversion = \"1.0.0\"\n",
			"jitdebug-wasmtime": "\n[dependencies.jitdebug]\nversion = \"1.0.0\"\n",
		}[name])
	}
}

// They can be published from a checkout with nothing installed: each is built from
// what it brings, and from the others' packages.
func TestPublish(t *testing.T) {
	// Of a registry in a directory that it knows, cargo takes the packages of last time.
	fresh := t.TempDir()
	unpacked := func() []string {
		home := os.Getenv("CARGO_HOME")
		if home == "" {
			home = filepath.Join(os.Getenv("HOME"), ".cargo")
		}
		found, _ := filepath.Glob(filepath.Join(home, "registry/src/-*"))
		return found
	}
	before := unpacked()
	t.Cleanup(func() {
		for _, directory := range unpacked() {
			if !slices.Contains(before, directory) {
				os.RemoveAll(directory)
			}
		}
	})
	together(t)
	publish := exec.Command(host.Tool(t, "cargo"), "publish", "--workspace", "--dry-run", "--allow-dirty", "--locked", "--color=never")
	publish.Dir = filepath.Join(host.Root(t), "bindings/rust")
	publish.Env = append(without("JITDEBUG_", "PKG_CONFIG", "LD_LIBRARY_PATH="),
		"CARGO_TARGET_DIR="+fresh, "PKG_CONFIG_LIBDIR="+fresh)
	output, err := host.Try(limit, publish)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, name := range []string{"jitdebug-sys", "jitdebug", "jitdebug-wasmtime"} {
		says(t, output, "Verifying "+name+" v1.0.0", "Uploading "+name+" v1.0.0")
	}
}

// together allows packages that need each other, for which a cargo before 1.90 has to be
// told that it may.
func together(t *testing.T) {
	t.Helper()
	t.Setenv("RUSTC_BOOTSTRAP", "1")
	t.Setenv("CARGO_UNSTABLE_PACKAGE_WORKSPACE", "true")
}

// pack makes the packages.
func pack(t *testing.T, options ...string) {
	t.Helper()
	together(t)
	cargo(t, "bindings/rust", "fetch")
	cargo(t, "bindings/rust", append([]string{"package", "--offline", "--allow-dirty", "--workspace"}, options...)...)
}

// unpack puts one into a directory under its name.
func unpack(t *testing.T, name, directory string) {
	t.Helper()
	crate := filepath.Join(target(t), "package", name+"-1.0.0")
	host.Run(t, limit, "tar", "-C", directory, "-xmf", crate+".crate") // as new: cargo goes by times
	if err := os.Rename(filepath.Join(directory, filepath.Base(crate)), filepath.Join(directory, name)); err != nil {
		t.Fatal(err)
	}
}
