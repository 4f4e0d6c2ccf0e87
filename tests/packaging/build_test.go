// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package packaging

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// Characters that lists of flags, shells, make and JSON take for their own.
const odd = `it's, "a" $b\ `

// checkout returns a copy of this one, as it would be committed, in a directory of
// that name.
func checkout(t *testing.T, name string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), name)
	names := host.Run(t, limit, host.Tool(t, "git"), "-C", host.Root(t), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	for name := range strings.SplitSeq(strings.TrimRight(names, "\x00"), "\x00") {
		from := filepath.Join(host.Root(t), name)
		info, err := os.Stat(from)
		if os.IsNotExist(err) || err == nil && info.IsDir() {
			continue // deleted, or a link to a directory
		} else if err != nil {
			t.Fatal(err)
		}
		contents, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), contents, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// compiler returns gcc under an odd name that counts its calls, and the count.
func compiler(t *testing.T) (path string, calls func() int) {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "it has spaces")
	path = filepath.Join(directory, "compiler")
	if err := os.Mkdir(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	// As a launcher, it wants to be told the compiler.
	script := `#!/bin/sh
echo >>'` + path + `.calls'
case $0 in
*/launcher) [ "$1" = gcc ] && shift || exit 1 ;;
esac
exec gcc "$@"
`
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path, func() int {
		calls, _ := os.ReadFile(path + ".calls") // absent if there was none
		return len(calls)
	}
}

func build(t *testing.T, source, output string, environment ...string) (string, error) {
	t.Helper()
	command := exec.Command(filepath.Join(source, "scripts/build"), output)
	command.Env = append(os.Environ(), environment...)
	return host.Try(limit, command)
}

// Whatever is around it, the library is the same, and nothing but it is written.
func TestBuild(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "libjitdebug.so.1")
	if output, err := build(t, host.Root(t), plain); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	source, output := checkout(t, odd+"checkout"), filepath.Join(t.TempDir(), odd+"output")
	before := files(t, source)
	gcc, calls := compiler(t)

	var both sync.WaitGroup
	for range 2 { // at once
		both.Go(func() {
			said, err := build(t, source, filepath.Join(output, "libjitdebug.so.1"),
				"CC='"+gcc+"' -m64", "GOFLAGS=-mod=vendor -race", "GOWORK="+filepath.Join(source, "none"))
			if err != nil || said != "" {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
	both.Wait()
	if calls() == 0 {
		t.Error("$CC was not called")
	}
	same(t, files(t, source), before)
	built := files(t, output)
	if len(built) != 2 {
		t.Errorf("there are %d files", len(built))
	}
	want, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(built["libjitdebug.so.1"].contents, want) {
		t.Error("the library is not the same")
	}
}

func TestBuildRefuses(t *testing.T) {
	old := filepath.Join(t.TempDir(), "go")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho go version go1.25.4 linux/amd64\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ environment, says string }{
		"no Go":             {"GO=nosuchgo", "build: no Go here (nosuchgo): Go 1.26 or newer, https://go.dev/dl\n"},
		"an older Go":       {"GO=" + old, "build: Go 1.26 or newer is needed, and " + old + " is: go version go1.25.4"},
		"no compiler":       {"CC=nosuchcc", "build: the C compiler does not work: nosuchcc"},
		"another C library": {"CC=true", "build: true is not for glibc"},
	} {
		t.Run(name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "output")
			said, err := build(t, host.Root(t), filepath.Join(output, "libjitdebug.so.1"), test.environment)
			if err == nil {
				t.Error("succeeds")
			}
			says(t, said, test.says)
			if _, err := os.Stat(output); err == nil {
				t.Error("something was written")
			}
		})
	}
}

// By CMake, whose variables hold a compiler in parts, and which takes a backslash in
// a path for a slash.
func TestBuildByCMake(t *testing.T) {
	source := checkout(t, `it's, "a" $checkout`)
	gcc, calls := compiler(t)
	launcher := filepath.Join(t.TempDir(), "launcher")
	if err := os.Symlink(gcc, launcher); err != nil {
		t.Fatal(err)
	}
	before := files(t, source)
	for name, test := range map[string]struct{ environment, option string }{
		"several words":     {"CC=" + launcher + " gcc -m64", "-DCMAKE_BUILD_TYPE="},
		"a path of its own": {"CC=", "-DCMAKE_C_COMPILER=" + gcc},
	} {
		t.Run(name, func(t *testing.T) {
			tree := filepath.Join(t.TempDir(), "it's, a tree")
			configure := exec.Command(host.Tool(t, "cmake"), "-S", source, "-B", tree, test.option)
			configure.Env = append(os.Environ(), test.environment)
			if output, err := host.Try(limit, configure); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			configured := calls()
			cmake(t, "--build", tree)
			if calls() == configured {
				t.Error("the compiler was not called")
			}
		})
	}
	same(t, files(t, source), before)
}
