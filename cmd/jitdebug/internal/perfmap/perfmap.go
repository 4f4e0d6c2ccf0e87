// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package perfmap writes the file in which perf and other profilers look for the names of
// generated code: a line for each function, START SIZE NAME.
package perfmap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/target"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

// Lines are those for all functions of a view, each once.
func Lines(v *view.View) []string {
	var lines []string
	seen := map[string]bool{}
	for _, im := range v.Images() {
		for _, f := range im.Functions() {
			line := fmt.Sprintf("%x %x %s\n", f.Start, f.End-f.Start, clean(f.Name))
			if f.End > f.Start && !seen[line] {
				seen[line] = true
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// clean is a name on one line.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, name)
}

// A Place is where profilers look.
type Place struct {
	Path string // for people
	name string
	open func() (*os.Root, error)
}

// For says where profilers look for the map of a target: in the /tmp that the process sees,
// under the number that it has there.
func For(t *target.Target) (Place, error) {
	if t.PID == 0 {
		return Place{}, errors.New("the core does not say which process it is of: give the file by -o")
	}
	pid, own := t.OwnNumber()
	if !t.Live || !own {
		name := fmt.Sprintf("perf-%d.map", t.PID)
		return Place{filepath.Join("/tmp", name), name, func() (*os.Root, error) { return os.OpenRoot("/tmp") }}, nil
	}
	name := fmt.Sprintf("perf-%d.map", pid)
	return Place{fmt.Sprintf("/proc/%d/root/tmp/%s", t.PID, name), name, func() (*os.Root, error) {
		if t.Root() == nil {
			return nil, errors.New("the process's files cannot be seen")
		}
		return t.Root().OpenRoot("tmp")
	}}, nil
}

// Write writes the lines. A file that the process itself is writing gets those that it lacks;
// any other is replaced, for it is of an earlier process or an earlier moment. It returns how
// many lines were written.
func Write(t *target.Target, p Place, lines []string) (int, error) {
	directory, err := p.open()
	if err != nil {
		return 0, err
	}
	defer directory.Close()
	info, err := directory.Lstat(p.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%s is there, and no file: somebody else's trap or mistake, remove it", p.Path)
	case t.Live && writes(t.PID, p.name):
		return add(directory, p, lines)
	}
	temporary := fmt.Sprintf(".%s.%d", p.name, os.Getpid())
	f, err := directory.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return 0, err
	}
	_, err = f.WriteString(strings.Join(lines, ""))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = directory.Rename(temporary, p.name)
	}
	if err != nil {
		directory.Remove(temporary)
		return 0, err
	}
	return len(lines), nil
}

// writes says that a process has the file open.
func writes(pid int, name string) bool {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		if file, err := os.Readlink(link); err == nil && filepath.Base(file) == name {
			return true
		}
	}
	return false
}

// add appends the lines that a file lacks, in one write.
func add(directory *os.Root, p Place, lines []string) (int, error) {
	f, err := directory.OpenFile(p.name, os.O_RDWR|os.O_APPEND|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	there, err := io.ReadAll(f)
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	for line := range bytes.Lines(there) {
		known[string(line)] = true
	}
	var text strings.Builder
	n := 0
	for _, line := range lines {
		if !known[line] {
			text.WriteString(line)
			n++
		}
	}
	if n == 0 {
		return 0, nil
	}
	_, err = f.WriteString(text.String())
	return n, err
}
