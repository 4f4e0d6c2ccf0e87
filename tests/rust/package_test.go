package rust

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// What crates.io would be given: it builds by itself, and brings what it must and
// nothing else.
func TestCratesAsPublished(t *testing.T) {
	pack(t) // and has each built; jitdebug on the package of jitdebug-sys
	license, err := os.ReadFile(filepath.Join(host.Root(t), "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	needed := []string{"Cargo.toml", "LICENSE", "README.md", "src/lib.rs"}
	for name, others := range map[string]string{
		"jitdebug-sys": `^(Cargo\.(lock|toml\.orig)|\.cargo_vcs_info\.json|build\.rs|src/\w+\.rs)$`,
		"jitdebug":     `^(Cargo\.(lock|toml\.orig)|\.cargo_vcs_info\.json|(src|examples|tests)/(\w+/)?\w+\.rs)$`,
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
		if name == "jitdebug" {
			says(t, string(manifest), "\n[dependencies.jitdebug-sys]\nversion = \"1.0.0\"\n")
		} else {
			says(t, string(manifest), "\nlinks = \"jitdebug\"\n")
		}
	}
}

// pack makes the packages.
func pack(t *testing.T, options ...string) {
	t.Helper()
	cargo(t, "bindings/rust", "fetch")
	cargo(t, "bindings/rust", append([]string{"package", "--offline", "--allow-dirty", "-p", "jitdebug-sys", "-p", "jitdebug"}, options...)...)
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
