// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package readme

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A snippet is a part of a program that a page shows, and the program.
type snippet struct {
	name      string // of the program, below testdata/snippets
	extension string
	text      string // of the program
}

var extensions = map[string]string{"c": ".c", "cpp": ".cpp", "python": ".py", "rust": ".rs", "toml": ".toml", "cmake": ".cmake"}

// hole is the line of a program in which the block goes.
var hole = regexp.MustCompile(`(?m)^([ \t]*)(//|#|/\*) BLOCK( \*/)?\n`)

// snippets returns those of the pages, and of the headers' comments.
func snippets(t *testing.T) []snippet {
	t.Helper()
	var all []snippet
	add := func(page, where, label, language, block string) {
		extension := extensions[language]
		name := filepath.Join(page, label+extension)
		program, err := os.ReadFile(filepath.Join("testdata/snippets", name))
		if err != nil {
			t.Errorf("%s: nobody compiles this block: %v", where, err)
			return
		}
		places := hole.FindAllSubmatch(program, -1)
		if len(places) != 1 {
			t.Errorf("testdata/snippets/%s: not one place for its block", name)
			return
		}
		indented := regexp.MustCompile(`(?m)^.`).ReplaceAllString(block, string(places[0][1])+"$0")
		text := hole.ReplaceAllLiteralString(string(program), indented)
		all = append(all, snippet{name, extension, text})
	}
	for _, name := range tested {
		p := read(t, name)
		for _, b := range p.blocks {
			if extensions[b.language] != "" && b.label != "" && !strings.Contains(b.label, ".") {
				add(p.name, fmt.Sprintf("%s:%d", p.name, b.line), b.label, b.language, b.text)
			}
		}
	}
	for _, header := range []string{"jitdebug.h", "jitdebug.hpp", "jitdebug_dl.h", "jitdebug_llvm.hpp"} {
		for i, block := range examples(t, header) {
			language := "cpp"
			if strings.HasSuffix(header, ".h") {
				language = "c"
			}
			add("include/"+header, "include/"+header, fmt.Sprint("example", i+1), language, block)
		}
	}
	return all
}

// examples are the parts of a header's comments that are indented as code, and are:
// they have a line that ends as a statement does.
func examples(t *testing.T, header string) []string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(host.Root(t), "include", header))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, comment := range regexp.MustCompile(`(?s)/\*.*?\*/`).FindAllString(string(source), -1) {
		for _, part := range regexp.MustCompile(`(?m)(^ \*(   .*)?\n)+`).FindAllString(comment, -1) {
			code := regexp.MustCompile(`(?m)^ \*( {3})?`).ReplaceAllString(part, "")
			prose := regexp.MustCompile(`(?m)^ *([0-9]+\.|-) |^\w+  +\w`)
			if regexp.MustCompile(`(?m)[;{]$`).MatchString(code) && !prose.MatchString(code) {
				found = append(found, strings.TrimLeft(code, "\n"))
			}
		}
	}
	return found
}

func TestSnippets(t *testing.T) {
	all := snippets(t)
	ways := map[string]func(*testing.T, snippet){".c": inC, ".cpp": inCPP, ".py": inPython, ".cmake": inCMake, ".toml": inCargo}
	var inRust []snippet
	for _, s := range all {
		if s.extension == ".rs" {
			inRust = append(inRust, s)
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			ways[s.extension](t, s)
		})
	}
	t.Run("Rust", func(t *testing.T) {
		t.Parallel()
		rust(t, inRust)
	})
	nobodyElse(t, all)
}

// nobodyElse fails for programs whose block is gone.
func nobodyElse(t *testing.T, all []snippet) {
	filepath.WalkDir("testdata/snippets", func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(path, "testdata/snippets/")
		if !entry.IsDir() && strings.Contains(name, "/") && !slices.ContainsFunc(all, func(s snippet) bool { return s.name == name }) {
			t.Errorf("no page has the block of %s", path)
		}
		return nil
	})
}

// builds compiles a program with the compiler and the library, and runs it. Lines of
// it that begin with "// flags:" name further flags, as the shell has them.
func (s snippet) builds(t *testing.T, compiler, standard string, flags ...string) {
	t.Helper()
	directory := t.TempDir()
	source, program := filepath.Join(directory, "snippet"+s.extension), filepath.Join(directory, "snippet")
	if err := os.WriteFile(source, []byte(s.text), 0o666); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-std=" + standard, "-Wall", "-Wextra", "-pedantic", "-Werror", `-DOBJECT="` + object(t) + `"`,
		"-I", filepath.Join(host.Root(t), "include"), "-I", "testdata/snippets", "-o", program, source}
	for _, flags := range regexp.MustCompile(`(?m)^// flags: (.*)$`).FindAllStringSubmatch(s.text, -1) {
		output := host.Run(t, limit, "/bin/sh", "-c", "echo "+flags[1])
		arguments = append(arguments, strings.Fields(output)...)
	}
	arguments = append(append(arguments, flags...), host.Linked(t)...)
	host.Run(t, limit, host.Tool(t, compiler), arguments...)
	command := exec.Command(program)
	command.Env = append(os.Environ(), "JITDEBUG_LIBRARY="+host.Library(t))
	if output, err := host.Try(limit, command); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

// object is what snippets register: an object file, with code in .text.
func object(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	source, file := filepath.Join(directory, "square.c"), filepath.Join(directory, "square.o")
	if err := os.WriteFile(source, []byte("int square(int n) { return n * n; }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	host.Run(t, limit, host.Tool(t, "gcc"), "-g", "-c", "-o", file, source)
	return file
}

// A program in C++ can copy what is in C; that it names no member which it does not
// need is a warning there.
func inC(t *testing.T, s snippet) {
	s.builds(t, "gcc", "c11")
	s.extension = ".cpp"
	s.builds(t, "g++", "c++20", "-Wno-missing-field-initializers")
}

func inCPP(t *testing.T, s snippet) {
	s.builds(t, "g++", "c++17")
	if strings.Contains(s.text, "<llvm/") {
		return // whose headers take long
	}
	s.builds(t, "clang++-19", "c++20")
}

func inPython(t *testing.T, s snippet) {
	r := newReader(t)
	r.write("snippet.py", s.text)
	r.env = append(r.env, "OBJECT="+object(t))
	r.run("pip", "install", "jitdebug")
	r.run("python3", "-W", "error", "snippet.py")
}

func inCMake(t *testing.T, s snippet) {
	r := newReader(t)
	r.write("CMakeLists.txt", s.text)
	r.write("jit.c", "#include <jitdebug.h>\nint main(void) { return !jitdebug_version(); }\n")
	r.run("make", "-C", host.Root(t), "install", "PREFIX="+r.path("../.local"))
	r.run("cmake", "-S", ".", "-B", "build", "-DCMAKE_PREFIX_PATH="+r.path("../.local"))
	r.run("cmake", "--build", "build")
	r.run("build/jit")
}

// What takes long to build is not: a line of it that begins with "# runs:" has a command
// instead.
func inCargo(t *testing.T, s snippet) {
	r := newReader(t)
	r.write("Cargo.toml", s.text)
	r.write("src/main.rs", "fn main() {\n    assert!(jitdebug::version().is_some());\n}\n")
	if runs := regexp.MustCompile(`(?m)^# runs: (.*)$`).FindStringSubmatch(s.text); runs != nil {
		r.run("/bin/sh", "-c", runs[1])
		return
	}
	r.run("cargo", "run", "--quiet")
}

// rust builds all snippets as programs of one package, and runs them.
func rust(t *testing.T, all []snippet) {
	r := newReader(t)
	manifest, err := os.ReadFile("testdata/snippets/Cargo.toml")
	if err != nil {
		t.Fatal(err)
	}
	r.write("Cargo.toml", strings.ReplaceAll(string(manifest), "CHECKOUT", host.Root(t)))
	for _, s := range all {
		r.write("src/bin/"+s.program()+".rs", s.text)
	}
	r.env = append(r.env, "OBJECT="+object(t), "JITDEBUG_LIB_DIR="+filepath.Dir(host.Library(t)), "DEP_JITDEBUG_LIB_DIR="+filepath.Dir(host.Library(t)))
	r.run("cargo", "build", "--quiet")
	for _, s := range all {
		r.run("cargo", "run", "--quiet", "--bin", s.program())
	}
}

// program is a name that says where the snippet is from.
func (s snippet) program() string {
	name := strings.TrimSuffix(strings.ReplaceAll(s.name, "/", "-"), s.extension)
	return strings.ReplaceAll(name, ".", "-")
}
