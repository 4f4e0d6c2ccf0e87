// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package readme

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// Every block of these pages has a language and is tested: typed, saved and used, or
// compiled.
var tested = []string{"README.md", "docs/c.md", "docs/cpp.md", "docs/python.md", "docs/rust.md", "docs/llvm.md",
	"docs/integrating.md", "docs/troubleshooting.md", "docs/process.md", "docs/tool.md",
	"bindings/python/README.md", "bindings/rust/jitdebug/README.md", "bindings/rust/jitdebug-sys/README.md",
	"bindings/rust/wasmtime-internal-jit-debug/README.md"}

// What a tool reads without being told its name.
var readBy = map[string]string{"Cargo.toml": "cargo", "build.rs": "cargo", "src/main.rs": "cargo", "CMakeLists.txt": "cmake"}

func TestBlocks(t *testing.T) {
	for _, name := range tested {
		p := read(t, name)
		var typed strings.Builder
		for _, b := range p.blocks {
			if b.language == "sh" || b.language == "console" {
				typed.WriteString(b.text)
			}
		}
		for _, b := range p.blocks {
			where := fmt.Sprintf("%s:%d", p.name, b.line)
			switch {
			case b.language == "":
				t.Errorf("%s: a block without a language", where)
			case b.language == "sh" || b.language == "console":
			case strings.Contains(b.label, "."):
				if !strings.Contains(typed.String(), cmp.Or(readBy[b.label], strings.TrimSuffix(b.label, ".toy"))) {
					t.Errorf("%s: no command of the page uses %s", where, b.label)
				}
			case b.label == "" || extensions[b.language] == "":
				t.Errorf("%s: nobody tests this block", where)
			}
		}
	}
}

const repository = "https://github.com/libjitdebug/libjitdebug"

// Links lead to files and headings that are there. Those to elsewhere are not
// followed.
func TestLinks(t *testing.T) {
	all := pages(t)
	for _, p := range all {
		for _, link := range p.links {
			location, err := url.Parse(link)
			if err != nil {
				t.Errorf("%s: %v", p.name, err)
				continue
			}
			target := filepath.Join(filepath.Dir(p.name), location.Path)
			if ours, found := strings.CutPrefix(link, repository+"/blob/main/"); found {
				target, _, _ = strings.Cut(ours, "#")
			} else if location.Host != "" {
				continue
			}
			if location.Path == "" {
				target = p.name
			}
			if _, err := os.Stat(filepath.Join(host.Root(t), target)); err != nil {
				t.Errorf("%s links to %s: %v", p.name, link, err)
			}
			if location.Fragment == "" {
				continue
			}
			if other := slices.IndexFunc(all, func(p page) bool { return p.name == target }); other < 0 || !all[other].anchors[location.Fragment] {
				t.Errorf("%s links to %s, where there is no such heading", p.name, link)
			}
		}
	}
}

// What the text names in passing is there: files, targets of make, functions, flags and
// variables of the environment.
func TestNamedThingsAreThere(t *testing.T) {
	root := host.Root(t)
	makefile := contents(t, "Makefile")
	var sources strings.Builder
	for name := range strings.Lines(host.Run(t, limit, host.Tool(t, "git"), "-C", root, "ls-files",
		"include", "gate.*", "*.go", "*.py", "*.rs", "scripts", "CMakeLists.txt", "bench", "lib")) {
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "tests/readme/") {
			continue
		}
		sources.WriteString(contents(t, name))
	}
	top, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	isFile := func(name string) bool {
		first, _, found := strings.Cut(name, "/")
		return found && first != "build" && slices.ContainsFunc(top, func(entry os.DirEntry) bool { return entry.Name() == first })
	}
	ours := regexp.MustCompile(`\b(JITDEBUG_|jitdebug_)\w*\w\b`)
	goal := regexp.MustCompile(`\bmake (?:-C \S+ )?([a-z][a-z-]*)`)
	for _, p := range pages(t) {
		if p.name == "CHANGELOG.md" {
			continue // of what was, too
		}
		names := slices.Clone(p.spans)
		for _, b := range p.blocks {
			if b.language == "sh" || b.language == "console" {
				names = append(names, b.text)
			}
		}
		for _, span := range names {
			for _, match := range goal.FindAllStringSubmatch(span, -1) {
				if !regexp.MustCompile(`(?m)^` + match[1] + `:`).MatchString(makefile) {
					t.Errorf("%s: there is no target for `make %s`", p.name, match[1])
				}
			}
			for _, name := range ours.FindAllString(span, -1) {
				if !strings.Contains(sources.String(), name) {
					t.Errorf("%s: there is no %s", p.name, name)
				}
			}
			for _, word := range strings.Fields(span) {
				if !isFile(word) || strings.ContainsAny(word, "*<$@") {
					continue
				}
				if _, err := os.Stat(filepath.Join(root, word)); err != nil && !isBeside(p, word) {
					t.Errorf("%s: %v", p.name, err)
				}
			}
		}
	}
}

// isBeside says whether a path is meant from where the page is, or, for scripts/python,
// from the Python package.
func isBeside(p page, path string) bool {
	for _, directory := range []string{filepath.Dir(p.name), "bindings/python"} {
		if _, err := os.Stat(filepath.Join("../..", directory, path)); err == nil {
			return true
		}
	}
	return false
}

// CONTRIBUTING.md has a place for each package, and names each test as a proof.
func TestPlaces(t *testing.T) {
	page := contents(t, "CONTRIBUTING.md")
	for _, directory := range []string{"internal", "tests"} {
		entries, err := os.ReadDir(filepath.Join(host.Root(t), directory))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := directory + "/" + entry.Name()
			if entry.IsDir() && !strings.Contains(page, "`"+name+"`") {
				t.Errorf("CONTRIBUTING.md does not say what %s is for", name)
			}
		}
	}
}

func contents(t *testing.T, name string) string {
	t.Helper()
	bytes, err := os.ReadFile(filepath.Join(host.Root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes)
}
