// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package readme

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = 5 * time.Minute

// A reader is somebody with a machine, and the page before them: a home, a directory
// to work in, and a PATH on which testdata/bin stands for what a test may not do. What
// comes from the project's repository comes from a copy of this checkout.
type reader struct {
	t         *testing.T
	directory string
	env       []string
}

func newReader(t *testing.T) reader {
	t.Helper()
	home, root := t.TempDir(), host.Root(t)
	r := reader{t: t, directory: filepath.Join(home, "work")}
	r.write("../.gitconfig", "[url \"file://"+origin(t)+"\"]\n\tinsteadOf = https://github.com/libjitdebug/libjitdebug\n")
	if err := os.Mkdir(r.directory, 0o777); err != nil {
		t.Fatal(err)
	}

	// Caches that are not the reader's, and a cargo with one of repositories that is.
	output := func(name string, arguments ...string) string {
		return strings.TrimSpace(host.Run(t, limit, host.Tool(t, name), arguments...))
	}
	var cargo, rustup string
	if real, err := os.UserHomeDir(); err == nil {
		cargo, rustup = filepath.Join(real, ".cargo"), filepath.Join(real, ".rustup")
	}
	cargo = cmp.Or(os.Getenv("CARGO_HOME"), cargo)
	// In one place, or cargo would build everything anew for each reader.
	caches := filepath.Join(root, "build/readme")
	if err := os.MkdirAll(filepath.Join(caches, "cargo"), 0o777); err != nil {
		t.Fatal(err)
	}
	os.MkdirAll(filepath.Join(cargo, "registry"), 0o777)
	for _, name := range []string{"registry", "config.toml"} {
		from, to := filepath.Join(cargo, name), filepath.Join(caches, "cargo", name)
		if _, err := os.Stat(from); err != nil {
			continue
		}
		if err := os.Symlink(from, to); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	r.env = append(os.Environ(), "HOME="+home, "PWD="+r.directory, "CHECKOUT="+root,
		"PATH="+filepath.Join(root, "tests/readme/testdata/bin")+":"+filepath.Join(home, "bin")+":"+os.Getenv("PATH"),
		"PKG_CONFIG_PATH=", "LD_LIBRARY_PATH=", "DEBUGINFOD_URLS=", "TERM=dumb", "LC_ALL=C.UTF-8",
		"GOCACHE="+output("go", "env", "GOCACHE"), "GOMODCACHE="+output("go", "env", "GOMODCACHE"),
		"CARGO_HOME="+filepath.Join(caches, "cargo"), "RUSTUP_HOME="+cmp.Or(os.Getenv("RUSTUP_HOME"), rustup),
		"CARGO_TARGET_DIR="+filepath.Join(caches, "target"), "CARGO_NET_GIT_FETCH_WITH_CLI=true",
		"PYTHONPATH="+filepath.Join(home, "python"), "PYTHONDONTWRITEBYTECODE=1")
	for variable, tool := range map[string]string{"GDB": "gdb", "LLDB": "lldb-22", "MAKE": "make"} {
		r.env = append(r.env, variable+"="+host.Tool(t, tool))
	}
	// A python3 that is a script, as some managers of versions have it, is nothing for gdb.
	if err := os.Mkdir(filepath.Join(home, "bin"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(output("python3", "-c", "import sys; print(sys.executable)"), filepath.Join(home, "bin/python3")); err != nil {
		t.Fatal(err)
	}
	return r
}

var copied struct {
	sync.Once
	repository string
}

func TestMain(m *testing.M) {
	status := m.Run()
	os.RemoveAll(copied.repository)
	os.Exit(status)
}

// origin is a repository with the files of this checkout, as they are.
func origin(t *testing.T) string {
	t.Helper()
	copied.Do(func() {
		directory, err := os.MkdirTemp("", "readme")
		if err != nil {
			t.Fatal(err)
		}
		copied.repository = directory
		command := exec.Command("/bin/sh", "-ec", `git ls-files -z | xargs -0 ls -d 2>/dev/null | tar -cf - -T - | tar -xf - -C "$1"
			cd "$1"
			git init --quiet --initial-branch=main
			git add --all
			git -c user.name=nobody -c user.email=nobody commit --quiet --message=copy`, "sh", directory)
		command.Dir, command.Env = host.Root(t), append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
		if output, err := host.Try(limit, command); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	})
	return copied.repository
}

// run does something before the reader comes.
func (r reader) run(program string, arguments ...string) {
	r.t.Helper()
	command := exec.Command("/usr/bin/env", append([]string{program}, arguments...)...) // by the reader's PATH
	command.Dir, command.Env = r.directory, r.env
	if output, err := host.Try(limit, command); err != nil {
		r.t.Fatalf("%v: %v\n%s", command, err, output)
	}
}

func (r reader) path(name string) string { return filepath.Join(r.directory, name) }

func (r reader) write(name, text string) {
	r.t.Helper()
	path := r.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		r.t.Fatal(err)
	}
}
